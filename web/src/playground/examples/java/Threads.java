// SPDX-License-Identifier: MIT
import java.util.ArrayList;
import java.util.List;

public class Main {
    public static void main(String[] args) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 1; i <= 4; i++) {
            int number = i;
            threads.add(new Thread(() -> System.out.println("thread " + number + " says hello")));
        }
        for (Thread thread : threads) thread.start();
        for (Thread thread : threads) thread.join();
        System.out.println("all of them are done");
    }
}
