import java.io.*;

public class Main {
    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        int n = Integer.parseInt(in.readLine());
        long sum = 0;
        for (int i = 0; i < n; i++)
            sum += Integer.parseInt(in.readLine());
        System.out.println(n + " " + sum);
    }
}
