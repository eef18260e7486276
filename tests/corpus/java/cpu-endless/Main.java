public class Main {
    public static void main(String[] args) throws Exception {
        long n = 0;
        while (args.length == 0)
            n++;
        System.out.println(n);
    }
}
