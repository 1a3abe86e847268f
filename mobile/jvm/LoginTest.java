import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import mtcore.mobile.DHGroup;
import mtcore.mobile.Handshake;
import mtcore.mobile.Mobile;
import mtcore.mobile.PasswordProof;
import mtcore.mobile.PasswordVerifier;

/** Tests of a login: the other side is written here, with the JDK's cryptography. */
final class LoginTest extends Testing {
    private LoginTest() {}

    static void run() {
        test("a handshake with a server in Java", LoginTest::handshake);
        test("a server that cheats is refused", LoginTest::cheating);
        test("passwords equal BigInteger", LoginTest::password);
        test("hashing stops by an exception", LoginTest::stopped);
    }

    private static final BigInteger PRIME = new BigInteger(
            "c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f48198a0aa7c14058229493d22530f4db"
                    + "fa336f6e0ac925139543aed44cce7c3720fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f64"
                    + "2477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4a4a695811051907e162753b56b0f6b41"
                    + "0dba74d8a84b2a14b3144e0ef1284754fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4"
                    + "e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f0d8115f635b105ee2e4e15d04b2454bf"
                    + "6f4fadf034b10403119cd8e3b92fcc5b", 16);
    private static final BigInteger G = BigInteger.valueOf(3);

    private static byte[] sha1(byte[]... parts) throws Exception {
        return MessageDigest.getInstance("SHA-1").digest(Reference.join(parts));
    }

    private static byte[] sha256(byte[]... parts) throws Exception {
        return MessageDigest.getInstance("SHA-256").digest(Reference.join(parts));
    }

    /** A number in 256 bytes. */
    private static byte[] padded(BigInteger n) {
        byte[] b = n.toByteArray(), all = new byte[256];
        int from = Math.max(0, b.length - 256);
        System.arraycopy(b, from, all, 256 - (b.length - from), b.length - from);
        return all;
    }

    private static BigInteger number(byte[] b) {
        return new BigInteger(1, b);
    }

    private static byte[] tlInt(int n) {
        return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(n).array();
    }

    private static byte[] tlBytes(byte[] b) {
        byte[] head = b.length < 254 ? new byte[] {(byte) b.length}
                : new byte[] {(byte) 254, (byte) b.length, (byte) (b.length >> 8), 0};
        return Reference.join(head, b, new byte[-(head.length + b.length) & 3]);
    }

    private static byte[] xor(byte[] a, byte[] b) {
        byte[] c = a.clone();
        for (int i = 0; i < c.length; i++) c[i] ^= b[i];
        return c;
    }

    private static byte[] reversed(byte[] b) {
        byte[] r = new byte[b.length];
        for (int i = 0; i < b.length; i++) r[i] = b[b.length - 1 - i];
        return r;
    }

    /** The server's side of one exchange. */
    private static final class Server {
        final RSAPrivateKey key;
        final RSAPublicKey publicKey;
        final byte[] serverNonce = Reference.bytes(16, 5);
        final BigInteger a = number(Reference.bytes(256, 6));
        byte[] nonce, newNonce, tmpKey, tmpIV, authKey;

        Server() throws Exception {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            KeyPair pair = generator.generateKeyPair();
            key = (RSAPrivateKey) pair.getPrivate();
            publicKey = (RSAPublicKey) pair.getPublic();
        }

        String pem() {
            return "-----BEGIN PUBLIC KEY-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(publicKey.getEncoded())
                    + "\n-----END PUBLIC KEY-----\n";
        }

        byte[] resPQ(byte[] request) throws Exception {
            check(request.length == 20 && Arrays.equals(Reference.part(request, 0, 4), tlInt(0xbe7e8ef1)), "req_pq_multi");
            nonce = Reference.part(request, 4, 16);
            byte[] n = Reference.part(padded(publicKey.getModulus()), 0, 256);
            byte[] fingerprint = Reference.part(sha1(tlBytes(n), tlBytes(publicKey.getPublicExponent().toByteArray())), 12, 8);
            byte[] pq = number(new byte[] {0x17, (byte) 0xed, 0x48, (byte) 0x94, 0x1a, 0x08, (byte) 0xf9, (byte) 0x81}).toByteArray();
            return Reference.join(tlInt(0x05162463), nonce, serverNonce, tlBytes(pq), tlInt(0x1cb5c415), tlInt(1), fingerprint);
        }

        byte[] params(byte[] request) throws Exception {
            check(Arrays.equals(Reference.part(request, 0, 52), Reference.join(tlInt(0xd712e4be), nonce, serverNonce,
                    tlBytes(new byte[] {0x49, 0x4c, 0x55, 0x3b}), tlBytes(new byte[] {0x53, (byte) 0x91, 0x10, 0x73}))), "factors");
            byte[] encrypted = Reference.part(request, 64, 256);
            byte[] x = padded(number(encrypted).modPow(key.getPrivateExponent(), key.getModulus()));
            byte[] e = Reference.part(x, 32, 224);
            byte[] t = xor(Reference.part(x, 0, 32), sha256(e));
            byte[] w = Reference.decryptIGE(e, t, new byte[32]);
            byte[] data = reversed(Reference.part(w, 0, 192));
            equal(Reference.part(w, 192, 32), sha256(t, data), "hash in RSA_PAD");
            newNonce = Reference.part(data, 64, 32);
            equal(Reference.part(data, 96, 4), tlInt(2), "data center");

            byte[] sn = sha1(serverNonce, newNonce);
            tmpKey = Reference.join(sha1(newNonce, serverNonce), Reference.part(sn, 0, 12));
            tmpIV = Reference.join(Reference.part(sn, 12, 8), sha1(newNonce, newNonce), Reference.part(newNonce, 0, 4));
            byte[] answer = Reference.join(tlInt(0xb5890dba), nonce, serverNonce, tlInt(3), tlBytes(padded(PRIME)),
                    tlBytes(padded(G.modPow(a, PRIME))), tlInt(1700000000));
            byte[] all = Reference.join(sha1(answer), answer);
            all = Arrays.copyOf(all, all.length + 15 & ~15);
            return Reference.join(tlInt(0xd0e8075c), nonce, serverNonce, tlBytes(Reference.encryptIGE(all, tmpKey, tmpIV)));
        }

        byte[] agree(byte[] request) throws Exception {
            byte[] all = Reference.decryptIGE(Reference.part(request, 40, request.length - 40), tmpKey, tmpIV);
            BigInteger gB = number(Reference.part(all, 20 + 4 + 32 + 8 + 4, 256));
            authKey = padded(gB.modPow(a, PRIME));
            byte[] hash = Reference.part(sha1(newNonce, new byte[] {1}, Reference.part(sha1(authKey), 0, 8)), 4, 16);
            return Reference.join(tlInt(0x3bcbf734), nonce, serverNonce, hash);
        }
    }

    private static void handshake() throws Exception {
        Server server = new Server();
        Handshake h = Mobile.serverHandshake(server.pem(), 2, 0);
        byte[] message = h.step(server.resPQ(h.first()));
        message = h.step(server.params(message));
        check(h.step(server.agree(message)) == null, "an answer to dh_gen_ok");
        equal(h.key().exported(), server.authKey, "key");
        equal(h.serverTime(), 1700000000L, "server's time");
        equal(h.expiresAt(), 0L, "end");
        byte[] salt = xor(Reference.part(server.newNonce, 0, 8), Reference.part(server.serverNonce, 0, 8));
        equal(h.salt(), ByteBuffer.wrap(salt).order(ByteOrder.LITTLE_ENDIAN).getLong(), "salt");
        h.wipe();
        thrown("key of a handshake that was wiped", h::key);
    }

    private static void cheating() throws Exception {
        Server server = new Server();
        Handshake h = Mobile.serverHandshake(server.pem(), 2, 0);
        byte[] answer = server.resPQ(h.first());
        answer[4] ^= 1;
        Exception e = thrown("another nonce", () -> h.step(answer));
        equal(Mobile.errorKind(e), Mobile.ErrorPeer, "kind of error");
        e = thrown("a step after that", () -> h.step(answer));
        equal(Mobile.errorKind(e), Mobile.ErrorOver, "kind of error");

        Handshake telegram = Mobile.telegramHandshake(2, 0);
        byte[] other = server.resPQ(telegram.first());
        e = thrown("a server that is not Telegram's", () -> telegram.step(other));
        equal(Mobile.errorKind(e), Mobile.ErrorPeer, "kind of error");
        thrown("no key", () -> Mobile.serverHandshake("", 2, 0));
        thrown("no lifetime", () -> Mobile.telegramHandshake(2, -1));
        thrown("a constructor's object", () -> new Handshake().first());
    }

    private static byte[] hashed(byte[] password, byte[] salt1, byte[] salt2) throws Exception {
        byte[] ph1 = sha256(salt2, sha256(salt1, password, salt1), salt2);
        Mac mac = Mac.getInstance("HmacSHA512");
        mac.init(new SecretKeySpec(ph1, "HmacSHA512"));
        byte[] u = mac.doFinal(Reference.join(salt1, new byte[] {0, 0, 0, 1})), all = u;
        for (int i = 1; i < 100000; i++) {
            u = mac.doFinal(u);
            all = xor(all, u);
        }
        return sha256(salt2, all, salt2);
    }

    private static void password() throws Exception {
        byte[] typed = "пароль".getBytes(StandardCharsets.UTF_8);
        byte[] serverSalt = Reference.bytes(8, 1), salt2 = Reference.bytes(16, 2);
        DHGroup group = Mobile.telegramGroup(3);
        PasswordVerifier verifier = Mobile.newPassword(typed, group, serverSalt, salt2, null);
        byte[] salt1 = verifier.salt1();
        check(salt1.length == 40 && Arrays.equals(Reference.part(salt1, 0, 8), serverSalt), "salt");
        BigInteger v = G.modPow(number(hashed(typed, salt1, salt2)), PRIME);
        equal(verifier.hash(), padded(v), "verifier");

        byte[] p = padded(PRIME), g = padded(G);
        BigInteger b = number(Reference.bytes(256, 3)), k = number(sha256(p, g));
        byte[] srpB = padded(k.multiply(v).add(G.modPow(b, PRIME)).mod(PRIME));
        PasswordProof proof = Mobile.checkPassword(typed, group, salt1, salt2, srpB, null);
        BigInteger a = number(proof.a()), u = number(sha256(padded(a), srpB));
        byte[] secret = padded(a.multiply(v.modPow(u, PRIME)).modPow(b, PRIME));
        byte[] want = sha256(xor(sha256(p), sha256(g)), sha256(salt1), sha256(salt2), padded(a), srpB, sha256(secret));
        equal(proof.m1(), want, "M1");

        Exception e = thrown("no password", () -> Mobile.checkPassword(new byte[0], group, salt1, salt2, srpB, null));
        check(e.getMessage().contains("inputCheckPasswordEmpty"), "what to do: " + e.getMessage());
        e = thrown("B = 0", () -> Mobile.checkPassword(typed, group, salt1, salt2, new byte[256], null));
        equal(Mobile.errorKind(e), Mobile.ErrorPeer, "kind of error");
    }

    private static void stopped() throws Exception {
        DHGroup group = Mobile.telegramGroup(3);
        AtomicInteger calls = new AtomicInteger();
        Exception e = thrown("stopped", () -> Mobile.newPassword(new byte[] {1}, group, new byte[8], new byte[16], (done, total) -> {
            if (calls.incrementAndGet() == 5) throw new Exception("enough");
        }));
        check(e.getMessage().contains("enough"), "message: " + e.getMessage());
        equal(calls.get(), 5, "calls");
    }
}
