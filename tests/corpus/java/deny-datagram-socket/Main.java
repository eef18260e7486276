public class Main {
    public static void main(String[] args) throws Exception {
        new java.net.DatagramSocket(5000);
        System.out.println("bound");
    }
}
