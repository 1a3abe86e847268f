import java.io.File;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import mtcore.probe.Probe;

/** The smallest test framework that will do. */
abstract class Testing {
    static boolean slow;
    static final List<String> failures = new ArrayList<>();

    interface Code {
        void run() throws Exception;
    }

    static void test(String name, Code code) {
        long start = System.nanoTime();
        try {
            code.run();
            System.out.printf("ok    %s (%.1f s)%n", name, (System.nanoTime() - start) / 1e9);
        } catch (Throwable e) {
            failures.add(name);
            System.out.println("FAIL  " + name);
            e.printStackTrace(System.out);
        }
    }

    static Exception thrown(String what, Code code) {
        try {
            code.run();
        } catch (Exception e) {
            check(e.getMessage() == null || !e.getMessage().isEmpty(), what + ": exception without a message");
            return e;
        }
        throw new AssertionError(what + ": no exception");
    }

    static void fail(String what) {
        throw new AssertionError(what);
    }

    static void check(boolean ok, String what) {
        if (!ok) fail(what);
    }

    static void equal(byte[] got, byte[] want, String what) {
        check(Arrays.equals(got, want), what + ": bytes differ");
    }

    static void equal(Object got, Object want, String what) {
        check(got.equals(want), what + ": got " + got + ", want " + want);
    }

    static boolean allZero(byte[] b, int from) {
        for (int i = from; i < b.length; i++) if (b[i] != 0) return false;
        return true;
    }

    static File temporary() throws Exception {
        File f = File.createTempFile("mtcore", null);
        f.deleteOnExit();
        return f;
    }

    // Threads.

    static final int THREADS = 8;

    interface Body {
        void run(int thread) throws Exception;
    }

    static void inThreads(Body body) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        CountDownLatch start = new CountDownLatch(1);
        List<Future<Void>> results = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            int thread = i;
            results.add(pool.submit((Callable<Void>) () -> {
                start.await();
                body.run(thread);
                return null;
            }));
        }
        start.countDown();
        for (Future<Void> result : results) result.get();
        pool.shutdown();
    }

    // Memory.

    /** What is alive on both sides of the binding. */
    private static final class Live {
        final long goObjects = Probe.heapObjects(), kib = Probe.residentKiB();
        final int goroutines = (int) Probe.goroutines(), javaProxies = javaProxies();

        @Override public String toString() {
            return goObjects + " objects in Go, " + javaProxies + " proxies in Java, " + goroutines
                    + " goroutines, " + kib / 1024 + " MiB";
        }

        private static int javaProxies() {
            try {
                Field queue = go.Seq.class.getDeclaredField("goRefQueue");
                queue.setAccessible(true);
                Field refs = queue.get(null).getClass().getDeclaredField("refs");
                refs.setAccessible(true);
                return ((Collection<?>) refs.get(queue.get(null))).size();
            } catch (ReflectiveOperationException e) {
                throw new AssertionError("gobind's Seq has changed", e);
            }
        }
    }

    /** Runs body n times, and expects as much to be alive afterwards as after the first tenth. */
    static void leakTest(int n, Body body) throws Exception {
        for (int i = 0; i < n / 10; i++) body.run(i);
        Live before = settled(null, n);
        for (int i = 0; i < n; i++) body.run(i);
        Live after = settled(before, n);
        System.out.println("    before: " + before);
        System.out.println("    after " + n + " rounds: " + after);
        check(bounded(before, after, n), "something is left behind");
        check(after.kib < before.kib + (64 << 10), "memory has grown");
    }

    /** Proxies are counted exactly. Among Go's objects there are a few hundred of its runtime's. */
    private static boolean bounded(Live before, Live after, int n) {
        return after.javaProxies <= before.javaProxies + 5 && after.goObjects < before.goObjects + 300 + n / 4
                && after.goroutines <= before.goroutines + 2;
    }

    /** Collects garbage on both sides until no more than before is alive, for ten seconds at most. */
    private static Live settled(Live before, int n) throws Exception {
        Live live = null;
        for (int i = 0; i < 100; i++) {
            System.gc();
            Thread.sleep(slow ? 300 : 100); // the proxies' queue has a thread of its own
            Live now = new Live();
            boolean quiet = live != null && now.javaProxies >= live.javaProxies && now.goObjects >= live.goObjects - 10;
            live = now;
            if (before == null ? quiet : bounded(before, live, n)) return live;
        }
        return live;
    }
}
