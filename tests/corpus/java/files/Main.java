import java.nio.file.*;

public class Main {
    public static void main(String[] args) throws Exception {
        Path p = Path.of("/work/out.txt");
        Files.writeString(p, "written");
        System.out.println(Files.readString(p) + " " + Files.size(p) + " " + Files.isWritable(Path.of("/usr")));
    }
}
