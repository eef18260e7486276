import java.util.concurrent.*;
import java.util.concurrent.atomic.*;

public class Main {
    public static void main(String[] args) throws Exception {
        var pool = Executors.newFixedThreadPool(4);
        var total = new AtomicInteger();
        for (int i = 1; i <= 100; i++) {
            int n = i;
            pool.submit(() -> total.addAndGet(n));
        }
        pool.shutdown();
        pool.awaitTermination(1, TimeUnit.MINUTES);
        System.out.println(total.get());
    }
}
