import java.util.stream.*;

public class Main {
    public static void main(String[] args) throws Exception {
        record Point(int x, int y) {}
        var points = IntStream.range(0, 100).mapToObj(i -> new Point(i, i * i)).filter(p -> p.x() % 2 == 0).collect(Collectors.toList());
        System.out.println(points.size() + " " + points.parallelStream().mapToLong(Point::y).sum());
    }
}
