public class Beside {
    String name() {
        return "beside";
    }
}
