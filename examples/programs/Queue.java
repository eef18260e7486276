import java.util.PriorityQueue;

public class Queue {
    record Job(int priority, String name) {}

    public static void main(String[] args) {
        var queue = new PriorityQueue<Job>((a, b) -> b.priority() - a.priority());
        queue.add(new Job(1, "later"));
        queue.add(new Job(9, "first"));
        queue.add(new Job(5, "then"));
        while (!queue.isEmpty()) {
            System.out.println(queue.poll().name());
        }
    }
}
