import java.util.ArrayList;

public class Main {
    public static void main(String[] args) throws Exception {
        var keep = new ArrayList<long[]>();
        for (;;)
            keep.add(new long[100000]);
    }
}
