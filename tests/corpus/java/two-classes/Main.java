public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println(new Inner().name() + new Beside().name());
    }
}
class Inner {
    String name() {
        return "inner ";
    }
}
