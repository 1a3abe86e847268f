import java.io.ByteArrayOutputStream;
import java.io.File;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import java.util.zip.InflaterInputStream;

import mtcore.mobile.AuthKey;
import mtcore.mobile.DHGroup;
import mtcore.mobile.DHKey;
import mtcore.mobile.FileKey;
import mtcore.mobile.Mobile;
import mtcore.mobile.Progress;
import mtcore.mobile.Stream;

/**
 * Tests the classes that gobind generates, on a JVM, from the outside: values against the
 * JDK's own cryptography, errors, callbacks, threads, and what is left in memory.
 *
 * <p>The argument "slow" is for emulators: as many kinds of tests, with smaller numbers.
 */
public final class MobileTest extends Testing {
    public static void main(String[] args) {
        slow = Arrays.asList(args).contains("slow");
        System.out.println(System.getProperty("os.arch") + ", Java " + System.getProperty("java.version")
                + ", " + Mobile.backends());
        test("self-test", Mobile::selfTest);
        test("IGE equals javax.crypto", MobileTest::ige);
        test("streams continue", MobileTest::streams);
        test("packets equal javax.crypto", MobileTest::packets);
        test("changed packets are refused", MobileTest::refused);
        test("Diffie-Hellman equals BigInteger", MobileTest::diffieHellman);
        test("files equal javax.crypto", MobileTest::files);
        test("progress, and cancelling by an exception", MobileTest::progress);
        test("key picture is a PNG of the key", MobileTest::picture);
        test("wrong arguments are exceptions", MobileTest::wrongArguments);
        test("unusable objects throw", MobileTest::unusableObjects);
        test("threads share a key", MobileTest::threads);
        test("wiping under way", MobileTest::wipeUnderWay);
        LoginTest.run();
        ChatTest.run();
        test("no object is left behind", MobileTest::noLeaks);
        test("no callback is left behind", MobileTest::noCallbackLeaks);
        test("benchmark", MobileTest::bench);

        System.out.println(failures.isEmpty() ? "PASS" : "FAIL: " + failures);
        // Threads that Go attached to the JVM are not daemons: returning would not end it.
        System.exit(failures.isEmpty() ? 0 : 1);
    }

    // Values.

    private static void ige() throws Exception {
        for (int n = 0; n <= (slow ? 512 : 4096); n += 16) {
            byte[] key = Reference.bytes(32, n + 1), iv = Reference.bytes(32, n + 2);
            byte[] plain = Reference.bytes(n, n + 3), buf = plain.clone();
            Mobile.encryptIGE(buf, key, iv);
            equal(buf, Reference.encryptIGE(plain, key, iv), "encrypting " + n);
            Mobile.decryptIGE(buf, key, iv);
            equal(buf, plain, "decrypting " + n);
            if (n == 0) continue; // an empty array comes back as null
            equal(Mobile.encryptedIGE(plain, key, iv), Reference.encryptIGE(plain, key, iv), "encrypted " + n);
            equal(Mobile.decryptedIGE(plain, key, iv), Reference.decryptIGE(plain, key, iv), "decrypted " + n);
        }
        byte[] key = Reference.bytes(32, 1), iv = Reference.bytes(32, 2), large = Reference.bytes(1 << 20, 3);
        byte[] buf = large.clone();
        Mobile.encryptIGE(buf, key, iv);
        equal(buf, Reference.encryptIGE(large, key, iv), "encrypting 1 MiB");
    }

    private static void streams() throws Exception {
        byte[] key = Reference.bytes(32, 1), iv = Reference.bytes(32, 2), plain = Reference.bytes(4096, 3);
        byte[] want = Reference.encryptIGE(plain, key, iv);
        Stream encrypter = Mobile.encryptStream(key, iv), decrypter = Mobile.decryptStream(key, iv);
        // Both copied what they need.
        Arrays.fill(key, (byte) 0);
        Arrays.fill(iv, (byte) 0);
        for (int at = 0, n = 16; at < plain.length; at += n, n += 16) {
            n = Math.min(n, plain.length - at);
            byte[] part = Reference.part(plain, at, n);
            encrypter.crypt(part);
            equal(part, Reference.part(want, at, n), "encrypting at " + at);
            part = decrypter.crypted(part);
            equal(part, Reference.part(plain, at, n), "decrypting at " + at);
        }
    }

    /** length || body */
    private static byte[] message(int bodyLength, int seed) {
        ByteBuffer b = ByteBuffer.allocate(4 + bodyLength).order(ByteOrder.LITTLE_ENDIAN);
        return b.putInt(bodyLength).put(Reference.bytes(bodyLength, seed)).array();
    }

    private static void packets() throws Exception {
        byte[] raw = Reference.bytes(256, 1);
        AuthKey key = Mobile.importAuthKey(raw);
        long id = ByteBuffer.wrap(Reference.keyID(raw)).order(ByteOrder.LITTLE_ENDIAN).getLong();
        equal(key.fingerprint(), id, "fingerprint");
        equal(key.exported(), raw, "exported key");
        for (int side = 0; side <= 1; side++) {
            for (int n : new int[] {4, 8, 12, 100, 1000, 16384, slow ? 20000 : 500000}) {
                byte[] plaintext = message(n, n);

                byte[] buf = Arrays.copyOf(plaintext, plaintext.length + (int) Mobile.MaxOverhead);
                int sealed = (int) key.seal(buf, plaintext.length, side);
                byte[] padded = Reference.open(raw, Arrays.copyOf(buf, sealed), side);
                equal(Arrays.copyOf(padded, plaintext.length), plaintext, "sealed " + n);
                check(padded.length - plaintext.length >= 12, "padding of " + n);

                padded = Reference.open(raw, key.sealed(plaintext, side), side);
                equal(Arrays.copyOf(padded, plaintext.length), plaintext, "sealed " + n);

                byte[] packet = Reference.seal(raw, plaintext, side, 12 + (-plaintext.length - 12 & 15));
                equal(key.opened(packet, side, Mobile.LayoutSecretChat), plaintext, "opened " + n);
                int opened = (int) key.open(packet, packet.length, side, Mobile.LayoutSecretChat);
                equal(Arrays.copyOf(packet, opened), plaintext, "opened " + n);
                check(allZero(packet, opened), "padding is left after opening " + n);
            }
        }
        byte[] cloud = Reference.join(new byte[28], message(40, 2));
        byte[] packet = Reference.seal(raw, cloud, 1, 12 + (-cloud.length - 12 & 15));
        int opened = (int) key.open(packet, packet.length, Mobile.Server, Mobile.LayoutCloudChat);
        equal(Arrays.copyOf(packet, opened), cloud, "opened cloud message");
    }

    private static void refused() throws Exception {
        byte[] raw = Reference.bytes(256, 1), plaintext = message(100, 2);
        AuthKey key = Mobile.importAuthKey(raw);
        byte[] genuine = Reference.seal(raw, plaintext, 0, 24);
        for (int i = 0; i < genuine.length; i++) {
            byte[] changed = genuine.clone();
            changed[i] ^= 1;
            int at = i;
            Exception e = thrown("bit of byte " + i, () -> key.open(changed, changed.length, 0, 0));
            equal(Mobile.errorKind(e), Mobile.ErrorRefused, "byte " + at + ": " + e);
        }
        Exception e = thrown("other side", () -> key.open(genuine.clone(), genuine.length, 1, 0));
        equal(Mobile.errorKind(e), Mobile.ErrorRefused, e.toString());
        for (int n = 0; n < genuine.length; n++) {
            int length = n;
            e = thrown("cut to " + n, () -> key.open(genuine.clone(), length, 0, 0));
            equal(Mobile.errorKind(e), Mobile.ErrorRefused, e.toString());
        }
        // A good hash, but too little padding.
        byte[] bare = Reference.seal(raw, message(108, 2), 0, 0);
        e = thrown("no padding", () -> key.open(bare, bare.length, 0, 0));
        equal(Mobile.errorKind(e), Mobile.ErrorRefused, e.toString());
        check(allZero(bare, 0), "a refused packet is left");
        equal(Mobile.errorKind(new Exception("another")), Mobile.ErrorOther, "an exception of another kind");
        equal(Mobile.errorKind(null), Mobile.ErrorOther, "no exception");
    }

    private static void diffieHellman() throws Exception {
        DHGroup group = Mobile.telegramGroup(3);
        BigInteger p = telegramPrime();
        byte[] a = Reference.bytes(256, 1), b = Reference.bytes(256, 2);
        DHKey alice = group.importKey(a), bob = group.importKey(b);
        BigInteger g = BigInteger.valueOf(3), x = new BigInteger(1, a), y = new BigInteger(1, b);
        equal(new BigInteger(1, alice.publicKey()), g.modPow(x, p), "g_a");
        equal(new BigInteger(1, bob.publicKey()), g.modPow(y, p), "g_b");
        byte[] shared = new byte[256];
        alice.agree(bob.publicKey()).export(shared);
        equal(new BigInteger(1, shared), g.modPow(x.multiply(y), p), "shared key");
        byte[] exported = new byte[256];
        alice.export(exported);
        equal(exported, a, "exported key");
        equal(alice.exported(), a, "exported key");

        DHKey random = Mobile.checkedGroup(bigEndian(p), 3).generateKey(Reference.bytes(256, 3));
        equal(random.agree(bob.publicKey()).fingerprint(), bob.agree(random.publicKey()).fingerprint(), "fingerprints");

        thrown("public key 1", () -> alice.agree(new byte[] {1}));
        thrown("public key p-1", () -> alice.agree(bigEndian(p.subtract(BigInteger.ONE))));
        thrown("a prime that is none", () -> Mobile.checkedGroup(bigEndian(p.subtract(BigInteger.TWO)), 3));
        thrown("a generator that does not fit", () -> Mobile.checkedGroup(bigEndian(p), 2));
    }

    /** The prime of Telegram, https://core.telegram.org/mtproto/auth_key. */
    private static BigInteger telegramPrime() {
        return new BigInteger("c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f"
                + "48198a0aa7c14058229493d22530f4dbfa336f6e0ac925139543aed44cce7c37"
                + "20fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f64"
                + "2477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4"
                + "a4a695811051907e162753b56b0f6b410dba74d8a84b2a14b3144e0ef1284754"
                + "fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4"
                + "e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f"
                + "0d8115f635b105ee2e4e15d04b2454bf6f4fadf034b10403119cd8e3b92fcc5b", 16);
    }

    /** Of 2048 bits. */
    private static byte[] bigEndian(BigInteger x) {
        byte[] b = x.toByteArray();
        return Arrays.copyOfRange(b, b.length - 256, b.length);
    }

    private static void files() throws Exception {
        File plain = temporary(), encrypted = temporary(), decrypted = temporary();
        byte[] key = new byte[32], iv = new byte[32];
        for (int n : new int[] {0, 1, 15, 16, 17, 1000, 300000, slow ? 600000 : 3000001}) {
            byte[] content = Reference.bytes(n, n);
            Files.write(plain.toPath(), content);
            FileKey fresh = Mobile.generateFileKey();
            fresh.encryptFile(plain.getPath(), encrypted.getPath(), null);
            fresh.export(key, iv);
            equal(fresh.exported(), Reference.join(key, iv), "exported file key");
            byte[] got = Files.readAllBytes(encrypted.toPath());
            equal(got.length, (n + 15) / 16 * 16, "length of " + n + " encrypted");
            equal(Arrays.copyOf(Reference.decryptIGE(got, key, iv), n), content, "encrypted " + n);

            FileKey imported = Mobile.importFileKey(key, iv, fresh.fingerprint());
            imported.decryptFile(encrypted.getPath(), decrypted.getPath(), n, null);
            equal(Files.readAllBytes(decrypted.toPath()), content, "decrypted " + n);
            thrown("wrong size", () -> imported.decryptFile(encrypted.getPath(), decrypted.getPath(), n + 16, null));
        }
        thrown("wrong fingerprint", () -> Mobile.importFileKey(key, iv, 1));
        FileKey any = Mobile.generateFileKey();
        thrown("no such file", () -> any.encryptFile("/does/not/exist", decrypted.getPath(), null));
        thrown("the same file", () -> any.encryptFile(plain.getPath(), plain.getPath(), null));
        check(plain.length() > 0, "the same file was overwritten");
    }

    private static void progress() throws Exception {
        File plain = temporary(), encrypted = temporary();
        Files.write(plain.toPath(), new byte[2000000]);
        FileKey key = Mobile.generateFileKey();

        List<Long> done = new ArrayList<>();
        Thread caller = Thread.currentThread();
        key.encryptFile(plain.getPath(), encrypted.getPath(), (n, total) -> {
            check(Thread.currentThread() == caller, "progress on another thread");
            equal(total, 2000000L, "total");
            check(done.isEmpty() || n > done.get(done.size() - 1), "progress goes back to " + n);
            done.add(n);
        });
        check(done.size() > 3, "progress was reported " + done.size() + " times only");
        equal(done.get(done.size() - 1), 2000000L, "the last progress");

        class Cancelled extends RuntimeException {}
        for (Exception why : new Exception[] {new Exception("cancelled"), new Cancelled()}) {
            AtomicInteger calls = new AtomicInteger();
            Exception e = thrown("cancelled", () -> key.encryptFile(plain.getPath(), encrypted.getPath(), (n, total) -> {
                if (calls.incrementAndGet() == 2) throw why;
            }));
            check(e == why, "cancelling threw " + e + " instead of the same object");
            equal(calls.get(), 2, "calls until it was cancelled");
            check(!encrypted.exists(), "a cancelled file is left");
        }
        Exception e = thrown("cancelled benchmark", () -> Mobile.runBench("", (n, total) -> {
            throw new Cancelled();
        }));
        check(e instanceof Cancelled, e.toString());
    }

    private static void picture() throws Exception {
        byte[] raw = Reference.bytes(256, 1);
        byte[] v = Mobile.importAuthKey(raw).visualization();
        equal(v.length, (int) Mobile.VisualizationSize, "length of a visualization");
        for (int pixels : new int[] {12, 120, 100}) {
            int[][] image = decodePNG(Mobile.keyPicture(v, pixels), pixels);
            int[] colors = {0xffffff, 0xd5e6f3, 0x2d5775, 0x2f99c9};
            for (int y = 0; y < pixels; y++) {
                for (int x = 0; x < pixels; x++) {
                    int bit = 2 * (y * 12 / pixels * 12 + x * 12 / pixels);
                    equal(image[y][x], colors[v[bit / 8] >> bit % 8 & 3], "pixel " + x + ", " + y + " of " + pixels);
                }
            }
        }
        equal(Mobile.keyText(v).replaceAll("\\s", "").length(), 64, "digits");
    }

    /** The colors of a PNG with a palette of up to four. It is all that this library makes. */
    private static int[][] decodePNG(byte[] png, int size) throws Exception {
        ByteBuffer in = ByteBuffer.wrap(png);
        equal(in.getLong(), 0x89504e470d0a1a0aL, "signature of PNG");
        byte[] palette = null;
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (String type = ""; !type.equals("IEND"); ) {
            byte[] chunk = new byte[in.getInt() + 4];
            in.get(chunk);
            CRC32 crc = new CRC32();
            crc.update(chunk);
            equal(in.getInt(), (int) crc.getValue(), "CRC");
            type = new String(chunk, 0, 4, StandardCharsets.US_ASCII);
            byte[] body = Arrays.copyOfRange(chunk, 4, chunk.length);
            if (type.equals("IHDR")) {
                // Width, height, two bits per pixel, a palette, no interlacing.
                byte[] want = ByteBuffer.allocate(13).putInt(size).putInt(size).put((byte) 2).put((byte) 3).array();
                equal(body, want, "header of the picture");
            }
            if (type.equals("PLTE")) palette = body;
            if (type.equals("IDAT")) data.write(body);
        }
        InflaterInputStream rows = new InflaterInputStream(new java.io.ByteArrayInputStream(data.toByteArray()));
        int[][] image = new int[size][size];
        byte[] above = new byte[(size + 3) / 4];
        for (int[] row : image) {
            int filter = rows.read();
            byte[] bytes = rows.readNBytes(above.length);
            for (int i = 0; i < bytes.length; i++) bytes[i] += predictor(filter, bytes, above, i);
            for (int x = 0; x < size; x++) {
                int c = 3 * (bytes[x / 4] >> (6 - x % 4 * 2) & 3);
                row[x] = (palette[c] & 255) << 16 | (palette[c + 1] & 255) << 8 | palette[c + 2] & 255;
            }
            above = bytes;
        }
        return image;
    }

    private static int predictor(int filter, byte[] row, byte[] above, int i) throws Exception {
        int left = i == 0 ? 0 : row[i - 1] & 255, up = above[i] & 255;
        switch (filter) {
            case 0: return 0;
            case 1: return left;
            case 2: return up;
            case 3: return (left + up) / 2;
        }
        throw new Exception("filter " + filter + " is not made for palettes");
    }

    // Errors.

    private static void wrongArguments() throws Exception {
        byte[] k = new byte[32], block = new byte[16];
        thrown("partial block", () -> Mobile.encryptIGE(new byte[17], k, k));
        thrown("partial block", () -> Mobile.decryptIGE(new byte[15], k, k));
        thrown("short key", () -> Mobile.encryptIGE(block, new byte[31], k));
        thrown("long iv", () -> Mobile.encryptIGE(block, k, new byte[33]));
        thrown("no key", () -> Mobile.encryptIGE(block, null, k));
        thrown("no iv", () -> Mobile.decryptStream(k, null));
        thrown("stream, short key", () -> Mobile.encryptStream(new byte[16], k));
        thrown("stream, partial block", () -> Mobile.encryptStream(k, k).crypt(new byte[1]));
        Mobile.encryptIGE(null, k, k); // is empty
        thrown("short auth key", () -> Mobile.importAuthKey(new byte[255]));
        AuthKey key = Mobile.importAuthKey(new byte[256]);
        byte[] buf = new byte[2000];
        for (long n : new long[] {-1, Long.MIN_VALUE, 953, 2001, Long.MAX_VALUE}) {
            thrown("seal " + n, () -> key.seal(buf, n, 0));
        }
        for (long n : new long[] {-1, Long.MIN_VALUE, 2001, Long.MAX_VALUE}) {
            thrown("open " + n, () -> key.open(buf, n, 0, 0));
        }
        thrown("seal in nothing", () -> key.seal(null, 0, 0));
        thrown("open nothing", () -> key.open(null, 0, 0, 0));
        for (long x : new long[] {-1, 2, 256}) {
            thrown("side " + x, () -> key.seal(buf, 40, x));
            thrown("side " + x, () -> key.open(buf, 40, x, 0));
            thrown("layout " + x, () -> key.open(buf, 40, 0, x));
        }
        thrown("export", () -> key.export(new byte[255]));
        thrown("generator", () -> Mobile.telegramGroup(5));
        thrown("prime", () -> Mobile.checkedGroup(null, 3));
        DHGroup group = Mobile.telegramGroup(3);
        thrown("no key", () -> group.importKey(null));
        thrown("key 0", () -> group.importKey(new byte[256]));
        thrown("key too long", () -> group.importKey(new byte[257]));
        DHKey dh = group.generateKey(null);
        thrown("nothing received", () -> dh.agree(null));
        thrown("too much received", () -> dh.agree(Reference.bytes(257, 1)));
        thrown("export", () -> dh.export(new byte[257]));
        thrown("file key", () -> Mobile.importFileKey(k, new byte[31], 0));
        thrown("file key", () -> Mobile.generateFileKey().export(k, new byte[31]));
        thrown("no paths", () -> Mobile.generateFileKey().encryptFile(null, null, null));
        thrown("a negative size", () -> Mobile.generateFileKey().decryptFile("/dev/null", temporary().getPath(), -1, null));
        thrown("no visualization", () -> Mobile.keyPicture(null, 120));
        thrown("small picture", () -> Mobile.keyPicture(new byte[36], 11));
        thrown("huge picture", () -> Mobile.keyPicture(new byte[36], 4097));
        thrown("no visualization", () -> Mobile.keyText(new byte[35]));

        // What Java itself throws across the binding is not swallowed either.
        try {
            ((AuthKey) null).wipe();
            fail("no NullPointerException");
        } catch (NullPointerException expected) {
            // as it should be
        }
    }

    private static void unusableObjects() throws Exception {
        AuthKey wiped = Mobile.importAuthKey(new byte[256]);
        Stream stream = Mobile.encryptStream(new byte[32], new byte[32]);
        DHKey dh = Mobile.telegramGroup(3).generateKey(null);
        FileKey file = Mobile.generateFileKey();
        for (int i = 0; i < 2; i++) { // twice is fine
            wiped.wipe();
            stream.wipe();
            dh.wipe();
            file.wipe();
        }
        for (AuthKey key : new AuthKey[] {wiped, new AuthKey()}) {
            thrown("seal", () -> key.seal(new byte[2000], 40, 0));
            thrown("open", () -> key.open(new byte[40], 40, 0, 0));
            thrown("export", () -> key.export(new byte[256]));
            thrown("fingerprint", () -> key.fingerprint());
            thrown("visualization", () -> key.visualization());
        }
        for (Stream s : new Stream[] {stream, new Stream()}) {
            thrown("crypt", () -> s.crypt(new byte[16]));
        }
        for (DHKey key : new DHKey[] {dh, new DHKey()}) {
            thrown("public key", () -> key.publicKey());
            thrown("agree", () -> key.agree(new byte[256]));
            thrown("export", () -> key.export(new byte[256]));
        }
        for (FileKey key : new FileKey[] {file, new FileKey()}) {
            thrown("encrypt", () -> key.encryptFile("/dev/null", temporary().getPath(), null));
            thrown("decrypt", () -> key.decryptFile("/dev/null", temporary().getPath(), 0, null));
            thrown("export", () -> key.export(new byte[32], new byte[32]));
            thrown("fingerprint", () -> key.fingerprint());
        }
        thrown("group", () -> new DHGroup().generateKey(null));
        thrown("group", () -> new DHGroup().importKey(new byte[256]));
        new AuthKey().wipe();
        new Stream().wipe();
        new DHKey().wipe();
        new FileKey().wipe();
    }

    // Threads.

    private static void threads() throws Exception {
        byte[] raw = Reference.bytes(256, 1);
        AuthKey shared = Mobile.importAuthKey(raw);
        inThreads(thread -> {
            for (int i = 0; i < (slow ? 50 : 2000); i++) {
                byte[] plaintext = message(4 * (1 + i % 500), thread * 10000 + i);
                byte[] buf = Arrays.copyOf(plaintext, plaintext.length + (int) Mobile.MaxOverhead);
                AuthKey key = i % 10 == 0 ? Mobile.importAuthKey(raw) : shared;
                long n = key.seal(buf, plaintext.length, thread % 2);
                n = shared.open(buf, n, thread % 2, 0);
                equal(Arrays.copyOf(buf, (int) n), plaintext, "thread " + thread + ", message " + i);
            }
        });
    }

    private static void wipeUnderWay() throws Exception {
        byte[] raw = Reference.bytes(256, 1), plaintext = message(1000, 2);
        for (int round = 0; round < (slow ? 5 : 100); round++) {
            AuthKey key = Mobile.importAuthKey(raw);
            inThreads(thread -> {
                if (thread == 0) {
                    key.wipe();
                    return;
                }
                byte[] buf = Arrays.copyOf(plaintext, plaintext.length + (int) Mobile.MaxOverhead);
                try {
                    // Under the right key, or not at all.
                    int n = (int) key.seal(buf, plaintext.length, 0);
                    Reference.open(raw, Arrays.copyOf(buf, n), 0);
                } catch (Exception e) {
                    check(e.getMessage().contains("wiped"), e.toString());
                }
            });
        }
    }

    // Memory.

    private static void noLeaks() throws Exception {
        leakTest(slow ? 2000 : 200000, i -> {
            byte[] raw = new byte[256];
            AuthKey key = Mobile.importAuthKey(raw);
            Stream stream = Mobile.encryptStream(Reference.part(raw, 0, 32), Reference.part(raw, 0, 32));
            stream.crypt(raw);
            FileKey file = Mobile.generateFileKey();
            DHGroup group = Mobile.telegramGroup(3);
            thrown("a refused packet", () -> key.open(new byte[40], 40, 0, 0));
            if (i % 3 == 0) { // else the garbage collectors do all of it
                key.wipe();
                stream.wipe();
                file.wipe();
            }
        });
    }

    private static void noCallbackLeaks() throws Exception {
        File plain = temporary(), encrypted = temporary();
        Files.write(plain.toPath(), new byte[100]);
        FileKey key = Mobile.generateFileKey();
        leakTest(slow ? 500 : 20000, i -> {
            byte[] ballast = new byte[10000]; // which a leaked callback would keep
            Progress progress = (done, total) -> {
                if (i % 2 == 0) throw new Exception("cancelled after " + ballast.length);
            };
            try {
                key.encryptFile(plain.getPath(), encrypted.getPath(), progress);
                check(i % 2 == 1, "not cancelled");
            } catch (Exception e) {
                check(i % 2 == 0, e.toString());
            }
        });
    }

    // Benchmark.

    private static void bench() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        String json = Mobile.runBench("a JVM", (done, total) -> calls.incrementAndGet());
        String file = System.getProperty("report");
        if (file != null) Files.writeString(Path.of(file), json);
        check(calls.get() > 10, "progress was reported " + calls + " times");
        for (String part : new String[] {"\"schema\"", "\"ige\"", "\"envelope\"", "\"bigdh\"", "encrypt 16 KiB", "a JVM"}) {
            check(json.contains(part), "no " + part + " in " + json);
        }
        byte[] buf = new byte[16384], key = new byte[32];
        int n = slow ? 100 : 20000;
        long start = 0;
        for (int i = -n; i < n; i++) {
            if (i == 0) start = System.nanoTime();
            Mobile.encryptIGE(buf, key, key);
        }
        long ns = (System.nanoTime() - start) / n;
        System.out.println("    16 KiB through the binding: " + ns + " ns, in Go: " + nanoseconds(json, "encrypt 16 KiB"));
    }

    private static String nanoseconds(String json, String name) {
        String rest = json.substring(json.indexOf(name));
        return rest.substring(rest.indexOf("\"ns\":") + 5).split("[,.]")[0] + " ns";
    }
}
