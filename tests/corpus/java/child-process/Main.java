public class Main {
    public static void main(String[] args) throws Exception {
        Process p = new ProcessBuilder("/bin/echo", "from a child").start();
        System.out.println(new String(p.getInputStream().readAllBytes()).trim() + " " + p.waitFor());
    }
}
