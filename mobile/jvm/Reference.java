import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/** MTProto 2.0 as it is written, with the cryptography of the JDK. */
final class Reference {
    private Reference() {}

    /** c_i = E(p_i ^ c_{i-1}) ^ p_{i-1} */
    static byte[] encryptIGE(byte[] plain, byte[] key, byte[] iv) throws Exception {
        return ige(Cipher.ENCRYPT_MODE, plain, key, Arrays.copyOf(iv, 16), Arrays.copyOfRange(iv, 16, 32));
    }

    /** p_i = D(c_i ^ p_{i-1}) ^ c_{i-1} */
    static byte[] decryptIGE(byte[] encrypted, byte[] key, byte[] iv) throws Exception {
        return ige(Cipher.DECRYPT_MODE, encrypted, key, Arrays.copyOfRange(iv, 16, 32), Arrays.copyOf(iv, 16));
    }

    private static byte[] ige(int mode, byte[] in, byte[] key, byte[] before, byte[] after) throws Exception {
        Cipher aes = Cipher.getInstance("AES/ECB/NoPadding");
        aes.init(mode, new SecretKeySpec(key, "AES"));
        byte[] out = new byte[in.length];
        for (int i = 0; i < in.length; i += 16) {
            byte[] block = aes.doFinal(xor(Arrays.copyOfRange(in, i, i + 16), before));
            before = xor(block, after);
            after = Arrays.copyOfRange(in, i, i + 16);
            System.arraycopy(before, 0, out, i, 16);
        }
        return out;
    }

    private static byte[] xor(byte[] a, byte[] b) {
        byte[] c = new byte[a.length];
        for (int i = 0; i < c.length; i++) c[i] = (byte) (a[i] ^ b[i]);
        return c;
    }

    /** A packet of the plaintext, which side sent: 0 is the client, 1 the server. */
    static byte[] seal(byte[] authKey, byte[] plaintext, int side, int padding) throws Exception {
        byte[] padded = join(plaintext, bytes(padding, plaintext.length));
        byte[] msgKey = Arrays.copyOfRange(sha256(part(authKey, 88 + 8 * side, 32), padded), 8, 24);
        return join(keyID(authKey), msgKey, crypt(true, authKey, msgKey, padded, side));
    }

    /** The plaintext of a packet with its padding, or an exception. */
    static byte[] open(byte[] authKey, byte[] packet, int side) throws Exception {
        byte[] msgKey = Arrays.copyOfRange(packet, 8, 24);
        byte[] padded = crypt(false, authKey, msgKey, Arrays.copyOfRange(packet, 24, packet.length), side);
        byte[] want = Arrays.copyOfRange(sha256(part(authKey, 88 + 8 * side, 32), padded), 8, 24);
        if (!Arrays.equals(part(packet, 0, 8), keyID(authKey)) || !Arrays.equals(msgKey, want)) {
            throw new Exception("not genuine");
        }
        return padded;
    }

    private static byte[] crypt(boolean encrypt, byte[] k, byte[] msgKey, byte[] text, int side) throws Exception {
        byte[] a = sha256(msgKey, part(k, 8 * side, 36));
        byte[] b = sha256(part(k, 40 + 8 * side, 36), msgKey);
        byte[] key = join(part(a, 0, 8), part(b, 8, 16), part(a, 24, 8));
        byte[] iv = join(part(b, 0, 8), part(a, 8, 16), part(b, 24, 8));
        return encrypt ? encryptIGE(text, key, iv) : decryptIGE(text, key, iv);
    }

    static byte[] keyID(byte[] authKey) throws Exception {
        return part(MessageDigest.getInstance("SHA-1").digest(authKey), 12, 8);
    }

    private static byte[] sha256(byte[]... parts) throws Exception {
        return MessageDigest.getInstance("SHA-256").digest(join(parts));
    }

    static byte[] part(byte[] b, int from, int n) {
        return Arrays.copyOfRange(b, from, from + n);
    }

    static byte[] join(byte[]... parts) {
        int n = 0;
        for (byte[] p : parts) n += p.length;
        byte[] all = new byte[n];
        n = 0;
        for (byte[] p : parts) {
            System.arraycopy(p, 0, all, n, p.length);
            n += p.length;
        }
        return all;
    }

    /** n bytes, the same for the same seed. */
    static byte[] bytes(int n, long seed) {
        byte[] b = new byte[n];
        new Random(seed).nextBytes(b);
        return b;
    }
}
