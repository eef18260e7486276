public class Main {
    public static void main(String[] args) throws Exception {
        System.out.println("žluťoučký kůň 馬 🐎".length() + " žluťoučký kůň 馬 🐎");
    }
}
