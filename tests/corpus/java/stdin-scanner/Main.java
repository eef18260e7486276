import java.util.Scanner;

public class Main {
    public static void main(String[] args) throws Exception {
        Scanner in = new Scanner(System.in);
        long sum = 0;
        while (in.hasNextInt())
            sum += in.nextInt();
        System.out.println(sum + " " + String.join("|", args));
    }
}
