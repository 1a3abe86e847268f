import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import mtcore.mobile.Acceptance;
import mtcore.mobile.Change;
import mtcore.mobile.Changes;
import mtcore.mobile.Chat;
import mtcore.mobile.ChatOptions;
import mtcore.mobile.DHGroup;
import mtcore.mobile.Event;
import mtcore.mobile.Events;
import mtcore.mobile.MessageIDs;
import mtcore.mobile.Mobile;
import mtcore.mobile.OutgoingChat;
import mtcore.mobile.Packet;
import mtcore.mobile.Packets;
import mtcore.mobile.Records;
import mtcore.mobile.Store;
import mtcore.mobile.TextOptions;
import mtcore.probe.Probe;

/** Tests secret chats: two of them in one process, with what a phone does to them. */
final class ChatTest extends Testing {
    private ChatTest() {}

    static void run() {
        test("chat: messages arrive, both ways", ChatTest::messages);
        test("chat: a bad network", ChatTest::badNetwork);
        test("chat: killed after every call", ChatTest::killed);
        test("chat: without a store", ChatTest::withoutStore);
        test("chat: service messages", ChatTest::services);
        test("chat: plain texts", ChatTest::texts);
        test("chat: a gap that lasts", ChatTest::gap);
        test("chat: packets that are refused", ChatTest::refused);
        test("chat: a peer who cheats", ChatTest::cheating);
        test("chat: a store that throws", ChatTest::failingStore);
        test("chat: a new key after a week", ChatTest::newKey);
        test("chat: wrong arguments are exceptions", ChatTest::wrongArguments);
        test("chat: threads share a chat", ChatTest::threads);
        test("chat: no chat is left behind", ChatTest::noLeaks);
    }

    /** A database, of which more than one chat may have a part. */
    private static class Memory implements Store {
        final Map<Long, Map<ByteBuffer, byte[]>> states = new HashMap<>();
        Exception failure;
        int commits;

        @Override public synchronized void commit(long chatID, Changes changes) throws Exception {
            if (failure != null) throw failure;
            commits++;
            Map<ByteBuffer, byte[]> records = states.computeIfAbsent(chatID, id -> new HashMap<>());
            for (int i = 0; i < changes.len(); i++) {
                Change c = changes.get(i);
                equal(c.removed(), c.value() == null, "a value that is to be removed");
                if (c.removed()) records.remove(ByteBuffer.wrap(c.key()));
                else records.put(ByteBuffer.wrap(c.key()), c.value());
            }
            thrown("index", () -> changes.get(changes.len()));
            if (records.isEmpty()) states.remove(chatID);
        }

        Records records(long chatID) {
            return recordsOf(states.get(chatID));
        }
    }

    private static Records recordsOf(Map<ByteBuffer, byte[]> state) {
        Records r = new Records();
        for (Map.Entry<ByteBuffer, byte[]> e : state.entrySet()) r.add(e.getKey().array(), e.getValue());
        return r;
    }

    /** A record that nobody has sealed. */
    private static Records garbage(byte[] value) {
        Records r = new Records();
        r.add(new byte[] {'c', 0, 0, 0, 0, 0, 0, 0}, value);
        return r;
    }

    /** One side of a chat, with what its server has for the other one. */
    private static final class Side {
        static final long ID = 4711;
        final Memory store = new Memory();
        final byte[] stateKey;
        final long peer;
        Chat chat;
        Side other;
        final Deque<byte[]> inbox = new ArrayDeque<>();
        final List<String> received = new ArrayList<>();
        private int next = 0; // message of the other one that has not been shown

        Side(long peer) {
            this.peer = peer;
            stateKey = Reference.bytes(32, peer);
        }

        ChatOptions options() {
            return new ChatOptions(ID, peer, store, stateKey);
        }

        void send(String text, long id) throws Exception {
            deliver(chat.encrypt(text(text, id)));
        }

        void deliver(Packet p) throws Exception {
            other.inbox.add(p.data());
            chat.sent(p);
        }

        /** What an app does: receives all there is, and sends what has to be sent. */
        void work() throws Exception {
            for (byte[] packet; (packet = inbox.poll()) != null; ) receive(packet);
            flush();
        }

        void receive(byte[] packet) throws Exception {
            try {
                show(chat.receive(packet));
                chat.handled();
            } catch (Exception e) {
                if (Mobile.errorKind(e) != Mobile.ErrorDuplicate) throw e;
            }
        }

        void show(Events events) throws Exception {
            for (int i = 0; i < events.len(); i++) {
                Event e = events.get(i);
                if (e.kind() != Mobile.EventMessage || e.seq() < next) continue; // seen before a crash
                next = (int) e.seq() + 1;
                received.add(textOf(e.body()));
            }
        }

        void tick() throws Exception {
            chat.tick(Probe.now());
        }

        void flush() throws Exception {
            Packets out = chat.outbox();
            for (int i = 0; i < out.len(); i++) deliver(out.get(i));
        }

        /** What happens to an app that Android kills. */
        void restart() throws Exception {
            chat = Mobile.restoreChat(store.records(ID), options());
            show(chat.unhandled());
        }
    }

    /** Two sides that have exchanged keys, as the messages of the server would have it. */
    private static Side[] pair() throws Exception {
        return pair(new Side(2), new Side(1));
    }

    private static Side[] pair(Side a, Side b) throws Exception {
        DHGroup group = Mobile.telegramGroup(3);
        a.other = b;
        b.other = a;
        OutgoingChat request = Mobile.requestChat(group, a.options());
        b.chat = Mobile.acceptChat(group, request.ga(), b.options());
        Acceptance answer = b.chat.acceptance();
        a.chat = request.complete(answer.gb(), answer.fingerprint());
        return new Side[] {a, b};
    }

    /** decryptedMessage of layer 45: flags, random_id, ttl, message. */
    private static byte[] text(String text, long id) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer b = ByteBuffer.allocate(20 + (utf8.length + 1 + 3) / 4 * 4).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(0x91cc4674).putInt(0).putLong(id).putInt(0).put((byte) utf8.length).put(utf8);
        return b.array();
    }

    private static String textOf(byte[] message) {
        ByteBuffer b = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        equal(b.getInt(), 0x91cc4674, "constructor");
        return new String(message, 21, message[20], StandardCharsets.UTF_8);
    }

    private static void messages() throws Exception {
        Side[] ab = pair();
        Side a = ab[0], b = ab[1];
        check(a.chat.originator() && !b.chat.originator(), "originator");
        equal(a.chat.chatID(), Side.ID, "id of the chat");
        equal(a.chat.visualization(), b.chat.visualization(), "visualizations");
        equal(a.chat.fingerprint(), b.chat.fingerprint(), "fingerprints");
        check(Mobile.keyPicture(a.chat.visualization(), 240).length > 100, "no picture");
        check(a.chat.acceptance() == null, "the one who asked has nothing to accept");
        check(b.chat.acceptance() != null, "the acceptance is gone before it was answered");

        List<String> fromA = new ArrayList<>(), fromB = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            a.send("Ä " + i, 2 * i + 1);
            fromA.add("Ä " + i);
            if (i % 3 == 0) {
                b.send("ß " + i, 2 * i + 2);
                fromB.add("ß " + i);
            }
            a.work();
            b.work();
        }
        equal(b.received, fromA, "what b received");
        equal(a.received, fromB, "what a received");
        check(b.chat.acceptance() == null, "the acceptance is still there");
        equal(a.chat.layer(), 144L, "layer that was agreed on");
        a.chat.check();

        a.chat.wipe(); // as an app does that is locked
        equal(Mobile.errorKind(thrown("wiped", () -> a.chat.check())), Mobile.ErrorOver, "wiped");
        equal(Mobile.errorKind(thrown("wiped", () -> a.send("no", 1))), Mobile.ErrorOver, "wiped");
        a.restart();
        a.chat.check();

        a.chat.discard();
        check(a.store.states.isEmpty(), "the state of a discarded chat is left");
        equal(Mobile.errorKind(thrown("discarded", () -> a.chat.check())), Mobile.ErrorOver, "discarded");
        equal(Mobile.errorKind(thrown("discarded", () -> a.send("no", 1))), Mobile.ErrorOver, "discarded");
    }

    /** Some packets are lost, some come twice, none in its turn. */
    private static void badNetwork() throws Exception {
        Random random = new Random(1);
        Side[] ab = pair();
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            ab[0].send("message " + i, i + 1);
            sent.add("message " + i);
            if (random.nextInt(5) == 0) ab[1].send("answer", 1000 + i);
            for (Side s : ab) {
                List<byte[]> packets = new ArrayList<>(s.inbox);
                s.inbox.clear();
                Collections.shuffle(packets, random);
                for (byte[] p : packets) {
                    int times = random.nextInt(10) == 0 ? 0 : random.nextInt(10) == 0 ? 2 : 1;
                    for (; times > 0; times--) s.receive(p);
                }
                s.flush();
            }
        }
        // The network is good again; something that arrives shows what is missing. What was
        // lost again and again is asked for later and later, but each hour at least.
        for (int i = 0; i < 5; i++) {
            Probe.advanceClock(2 * 3600);
            for (Side s : ab) s.tick();
            ab[0].send("end " + i, 2000 + i);
            sent.add("end " + i);
            for (int j = 0; j < 4; j++) for (Side s : ab) s.work();
        }
        equal(ab[1].received, sent, "what arrived");
    }

    private static void killed() throws Exception {
        Side[] ab = pair();
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            // Killed between encrypting and sending: the packet is in the outbox.
            Packet lost = ab[0].chat.encrypt(text("message " + i, i + 1));
            ab[0].restart();
            Packets out = ab[0].chat.outbox();
            boolean found = false;
            for (int j = 0; j < out.len(); j++) {
                found |= out.get(j).seq() == lost.seq() && out.get(j).randomID() == lost.randomID();
                ab[0].deliver(out.get(j));
            }
            check(found, "packet " + i + " is lost");
            sent.add("message " + i);
            // Killed between receiving and showing: the events are unhandled.
            for (byte[] p; (p = ab[1].inbox.poll()) != null; ) {
                try {
                    ab[1].chat.receive(p);
                } catch (Exception e) {
                    equal(Mobile.errorKind(e), Mobile.ErrorDuplicate, e.toString());
                }
                ab[1].restart();
            }
            ab[1].flush();
            ab[0].work();
        }
        equal(ab[1].received, sent, "what arrived");

        // A request survives as well.
        Side a = new Side(2), b = new Side(1);
        DHGroup group = Mobile.telegramGroup(3);
        byte[] gA = Mobile.requestChat(group, a.options()).ga();
        Records state = a.store.records(Side.ID);
        equal(Mobile.errorKind(thrown("not a chat", () -> Mobile.restoreChat(state, a.options()))),
                Mobile.ErrorState, "request restored as a chat");
        OutgoingChat locked = Mobile.restoreOutgoing(state, a.options());
        locked.wipe();
        equal(Mobile.errorKind(thrown("wiped", locked::ga)), Mobile.ErrorOver, "g_a of a request that was wiped");
        OutgoingChat request = Mobile.restoreOutgoing(state, a.options());
        equal(request.ga(), gA, "g_a");
        b.chat = Mobile.acceptChat(group, gA, b.options());
        b.restart();
        Acceptance answer = b.chat.acceptance();
        a.chat = request.complete(answer.gb(), answer.fingerprint());
        equal(a.chat.fingerprint(), b.chat.fingerprint(), "fingerprints");
        equal(Mobile.errorKind(thrown("completed twice", () -> request.complete(answer.gb(), answer.fingerprint()))),
                Mobile.ErrorOver, "completed twice");
        request.discard(); // does nothing: there is a chat
        check(!a.store.states.isEmpty(), "the state of the chat was forgotten");
    }

    private static void withoutStore() throws Exception {
        DHGroup group = Mobile.telegramGroup(3);
        byte[] stateKey = Reference.bytes(32, 1);
        ChatOptions a = new ChatOptions(1, 2, null, stateKey), b = new ChatOptions(1, 3, null, stateKey);
        OutgoingChat request = Mobile.requestChat(group, a);
        Chat bob = Mobile.acceptChat(group, request.ga(), b);
        Acceptance answer = bob.acceptance();
        Chat alice = request.complete(answer.gb(), answer.fingerprint());
        Packets out = alice.outbox();
        for (int i = 0; i < out.len(); i++) bob.receive(out.get(i).data());
        Events events = bob.receive(alice.encrypt(text("hello", 5)).data());
        Event e = events.get(events.len() - 1);
        equal(textOf(e.body()), "hello", "text");
        equal(e.randomID(), 5L, "random_id");
        equal(e.ttl(), 0L, "ttl");
        bob.handled();
        equal(bob.unhandled().len(), 0L, "unhandled events");
    }

    /** decryptedMessageService with decryptedMessageActionReadMessages. */
    private static byte[] read(long id, long... ids) {
        ByteBuffer b = ByteBuffer.allocate(24 + 8 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(0x73164160).putLong(id).putInt(0x0c4f40be).putInt(0x1cb5c415).putInt(ids.length);
        for (long i : ids) b.putLong(i);
        return b.array();
    }

    private static void services() throws Exception {
        Side[] ab = pair();
        for (Side s : ab) s.work();
        Packet p = ab[0].chat.encrypt(read(9, 1, -2, Long.MIN_VALUE));
        check(p.service(), "not a service message");
        Events events = ab[1].chat.receive(p.data());
        equal(events.len(), 1L, "events");
        Event e = events.get(0);
        equal(e.kind(), Mobile.EventRead, "kind");
        MessageIDs ids = e.messageIDs();
        equal(ids.len(), 3L, "ids");
        equal(Arrays.asList(ids.get(0), ids.get(1), ids.get(2)), Arrays.asList(1L, -2L, Long.MIN_VALUE), "ids");
        thrown("index", () -> ids.get(3));
        thrown("index", () -> ids.get(-1));
        thrown("index", () -> events.get(1));

        // One that the server refuses is withdrawn.
        Packet refused = ab[0].chat.encrypt(read(10, 3));
        ab[0].chat.withdraw(refused.seq());
        Packets out = ab[0].chat.outbox();
        equal(out.len(), 1L, "packets");
        equal(out.get(0).seq(), refused.seq(), "number");
        Event order = ab[1].chat.receive(out.get(0).data()).get(0);
        equal(order.kind(), Mobile.EventDelete, "kind");
        equal(order.messageIDs().get(0), 10L, "id");
        equal(Mobile.errorKind(thrown("number", () -> ab[0].chat.withdraw(refused.seq() + 1))), Mobile.ErrorContent, "number");
    }

    private static void texts() throws Exception {
        Side[] ab = pair();
        for (int i = 0; i < 2; i++) for (Side s : ab) s.work();
        TextOptions options = new TextOptions();
        options.setTTL(Mobile.ViewOnce);
        options.setSilent(true);
        options.setReplyTo(-7);
        Packet[] packets = {ab[0].chat.encryptText("Ä 🔑", null), ab[0].chat.encryptText("once", options)};
        Event[] got = new Event[2];
        for (int i = 0; i < 2; i++) {
            Events events = ab[1].chat.receive(packets[i].data());
            got[i] = events.get(events.len() - 1);
            equal(got[i].kind(), Mobile.EventMessage, "kind");
            equal(got[i].randomID(), packets[i].randomID(), "id");
            check(!packets[i].service(), "a text is a service message");
        }
        equal(got[0].text(), "Ä 🔑", "text");
        equal(got[0].ttl(), 0L, "TTL");
        equal(got[1].text(), "once", "text");
        equal(got[1].ttl(), Mobile.ViewOnce, "TTL");
        ByteBuffer body = ByteBuffer.wrap(got[1].body()).order(ByteOrder.LITTLE_ENDIAN);
        equal(body.getInt(4), 1 << 3 | 1 << 5, "flags");
        equal(body.getLong(body.limit() - 8), -7L, "answered message");

        // The answer acknowledges them.
        Events events = ab[0].chat.receive(ab[1].chat.encryptText("yes", new TextOptions()).data());
        equal(events.get(0).kind(), Mobile.EventAcknowledged, "kind");
        equal(events.get(0).seen(), packets[1].seq() + 1, "seen");
        equal(events.get(0).text(), "", "text of no message");
        equal(events.get(0).since() + events.get(0).from() + events.get(0).to(), 0L, "gap");
        equal(Mobile.errorKind(thrown("text", () -> ab[0].chat.encryptText("", null))), Mobile.ErrorContent, "text");
        options.setTTL(-1);
        equal(Mobile.errorKind(thrown("TTL", () -> ab[0].chat.encryptText("x", options))), Mobile.ErrorContent, "TTL");
    }

    /** A message is missing, and is never sent again: the app is told. */
    private static void gap() throws Exception {
        Side[] ab = pair();
        for (int i = 0; i < 2; i++) for (Side s : ab) s.work();
        ab[0].chat.encryptText("lost", null);
        Event gap = null;
        for (int i = 0; i < 40 && gap == null; i++) {
            Events events = ab[1].chat.receive(ab[0].chat.encryptText("waits", null).data());
            for (int j = 0; j < events.len(); j++) {
                if (events.get(j).kind() == Mobile.EventGap) gap = events.get(j);
                check(events.get(j).kind() != Mobile.EventMessage, "a message that should wait");
            }
            Packets out = ab[1].chat.outbox();
            for (int j = 0; j < out.len(); j++) {
                // It is seen, and not answered.
                try {
                    ab[0].chat.receive(out.get(j).data());
                } catch (Exception e) {
                    if (Mobile.errorKind(e) != Mobile.ErrorDuplicate) throw e;
                }
                ab[1].chat.sent(out.get(j));
            }
        }
        check(gap != null, "the app is not told of a gap");
        equal(gap.from(), 1L, "first missing message");
        equal(gap.to(), 1L, "last missing message");
        check(gap.since() > 1700000000, "since " + gap.since());
        equal(gap.seq(), -1L, "number");
    }

    private static void refused() throws Exception {
        Side[] ab = pair();
        for (int i = 0; i < 3; i++) for (Side s : ab) s.work();
        byte[] genuine = ab[0].chat.encrypt(text("hello", 1)).data();
        int commits = ab[1].store.commits;
        for (int i = 0; i < genuine.length; i++) {
            byte[] changed = genuine.clone();
            changed[i] ^= 1;
            equal(Mobile.errorKind(thrown("byte " + i, () -> ab[1].chat.receive(changed))),
                    Mobile.ErrorRefused, "byte " + i);
        }
        for (byte[] garbage : new byte[][] {null, {}, {1}, new byte[24], new byte[1 << 21]}) {
            equal(Mobile.errorKind(thrown("garbage", () -> ab[1].chat.receive(garbage))), Mobile.ErrorRefused, "garbage");
        }
        // Our own, sent back.
        equal(Mobile.errorKind(thrown("reflected", () -> ab[0].chat.receive(genuine))), Mobile.ErrorRefused, "reflected");
        equal(ab[1].store.commits, commits, "commits for packets that were refused");
        ab[1].receive(genuine);
        equal(ab[1].received, Arrays.asList("hello"), "received");
        equal(Mobile.errorKind(thrown("twice", () -> ab[1].chat.receive(genuine))), Mobile.ErrorDuplicate, "twice");
        ab[1].chat.check();
    }

    private static void cheating() throws Exception {
        DHGroup group = Mobile.telegramGroup(3);
        Side a = new Side(2), b = new Side(1);
        byte[] one = {1};
        equal(Mobile.errorKind(thrown("g_a = 1", () -> Mobile.acceptChat(group, one, b.options()))),
                Mobile.ErrorFatal, "g_a = 1");
        OutgoingChat request = Mobile.requestChat(group, a.options());
        b.chat = Mobile.acceptChat(group, request.ga(), b.options());
        Acceptance answer = b.chat.acceptance();
        Exception e = thrown("fingerprint", () -> request.complete(answer.gb(), answer.fingerprint() + 1));
        equal(Mobile.errorKind(e), Mobile.ErrorFatal, "fingerprint: " + e);
        check(a.store.states.isEmpty(), "the state of a failed request is left");
        check(e.getMessage().contains("fingerprint"), "a message that does not help: " + e);
    }

    private static void failingStore() throws Exception {
        Side[] ab = pair();
        for (Side s : ab) s.work();
        Map<ByteBuffer, byte[]> before = new HashMap<>(ab[0].store.states.get(Side.ID));
        ab[0].store.failure = new IllegalStateException("disk full");
        Exception e = thrown("disk full", () -> ab[0].send("lost", 1));
        equal(Mobile.errorKind(e), Mobile.ErrorStore, e.toString());
        check(e.getMessage().contains("disk full"), "the message does not say why: " + e);
        ab[0].store.failure = null;
        equal(Mobile.errorKind(thrown("after it", () -> ab[0].send("lost", 1))), Mobile.ErrorStore, "after it");
        equal(ab[0].store.states.get(Side.ID).keySet(), before.keySet(), "records after a failure");
        ab[0].restart();
        ab[0].flush();
        ab[0].send("arrives", 2);
        ab[1].work();
        equal(ab[1].received, Arrays.asList("arrives"), "received");
    }

    private static void newKey() throws Exception {
        Side[] ab = pair();
        for (Side s : ab) s.work();
        long now = 1700000000, key = ab[0].chat.fingerprint();
        byte[] picture = ab[0].chat.visualization();
        for (Side s : ab) s.chat.tick(now);
        ab[0].send("under the old key", 1);
        for (Side s : ab) s.work();
        for (Side s : ab) s.chat.tick(now + 8 * 24 * 3600);
        for (int i = 0; i < 6; i++) for (Side s : ab) s.work();
        ab[0].send("under the new key", 2);
        for (int i = 0; i < 6; i++) for (Side s : ab) s.work();
        check(ab[0].chat.fingerprint() != key, "the key is the same after a week");
        equal(ab[0].chat.fingerprint(), ab[1].chat.fingerprint(), "fingerprints");
        equal(ab[0].chat.visualization(), picture, "visualization");
        equal(ab[1].received, Arrays.asList("under the old key", "under the new key"), "received");
    }

    private static void wrongArguments() throws Exception {
        DHGroup group = Mobile.telegramGroup(3);
        Side side = new Side(1);
        byte[] gA = Mobile.requestChat(group, side.options()).ga();
        ChatOptions shortKey = new ChatOptions(1, 2, null, new byte[31]);
        ChatOptions zeroKey = new ChatOptions(1, 2, null, new byte[32]);
        ChatOptions oldLayer = side.options(), newLayer = side.options();
        oldLayer.setLayer(46);
        newLayer.setLayer(Mobile.LatestLayer + 1);
        ChatOptions hasty = side.options(), tight = side.options(), few = side.options(), little = side.options();
        hasty.setAskAfter(-1);
        tight.setMaxPacket(4095);
        few.setMaxUnacknowledged(-1);
        little.setMaxUnacknowledgedBytes(-1);
        for (ChatOptions o : new ChatOptions[] {null, shortKey, zeroKey, oldLayer, newLayer, hasty, tight, few, little,
                new ChatOptions(1, 2, null, null)}) {
            thrown("options", () -> Mobile.requestChat(group, o));
            thrown("options", () -> Mobile.acceptChat(group, gA, o));
            thrown("options", () -> Mobile.restoreChat(garbage(new byte[100]), o));
            thrown("options", () -> Mobile.restoreOutgoing(garbage(new byte[100]), o));
        }
        for (DHGroup g : new DHGroup[] {null, new DHGroup()}) {
            thrown("group", () -> Mobile.requestChat(g, side.options()));
            thrown("group", () -> Mobile.acceptChat(g, gA, side.options()));
        }
        for (Records state : new Records[] {null, new Records(), garbage(null), garbage(new byte[0]), garbage(new byte[1000])}) {
            equal(Mobile.errorKind(thrown("state", () -> Mobile.restoreChat(state, side.options()))), Mobile.ErrorState, "state");
            equal(Mobile.errorKind(thrown("state", () -> Mobile.restoreOutgoing(state, side.options()))), Mobile.ErrorState, "state");
        }
        thrown("g_a", () -> Mobile.acceptChat(group, null, side.options()));

        Side[] ab = pair();
        Chat chat = ab[0].chat;
        for (byte[] message : new byte[][] {null, {}, {1, 2, 3}, new byte[64], new byte[1 << 21]}) {
            equal(Mobile.errorKind(thrown("message", () -> chat.encrypt(message))), Mobile.ErrorContent, "message");
        }
        thrown("no packet", () -> chat.sent(null));
        chat.sent(new Packet()); // of nobody's
        chat.tick(Long.MIN_VALUE);
        chat.tick(Long.MAX_VALUE);

        // The state of another chat, another peer, another key.
        Records state = ab[0].store.records(Side.ID);
        for (ChatOptions o : new ChatOptions[] {new ChatOptions(1, 2, null, ab[0].stateKey),
                new ChatOptions(Side.ID, 3, null, ab[0].stateKey), new ChatOptions(Side.ID, 2, null, ab[1].stateKey)}) {
            equal(Mobile.errorKind(thrown("options", () -> Mobile.restoreChat(state, o))), Mobile.ErrorState, "options");
        }

        // What gobind's constructors make.
        Chat none = new Chat();
        for (Code c : new Code[] {none::acceptance, none::check, none::discard, none::handled, none::outbox,
                none::unhandled, none::visualization, () -> none.encrypt(text("", 1)), () -> none.encryptText("x", null), () -> none.receive(new byte[40]),
                () -> none.sent(new Packet()), () -> none.tick(1), () -> none.withdraw(0)}) {
            thrown("unusable chat", c);
        }
        equal(none.chatID() + none.fingerprint() + none.layer(), 0L, "numbers of an unusable chat");
        OutgoingChat nothing = new OutgoingChat();
        none.wipe();
        nothing.wipe();
        for (Code c : new Code[] {nothing::ga, nothing::discard, () -> nothing.complete(gA, 1)}) {
            thrown("unusable request", c);
        }
        equal(new Events().len() + new Packets().len() + new MessageIDs().len() + new Changes().len(), 0L, "lengths");
        check(new Event().body() == null && new Packet().data() == null, "empty arrays are null");
        equal(new Event().messageIDs().len(), 0L, "ids");
        check(new Acceptance().gb() == null, "g_b");
    }

    private static void threads() throws Exception {
        Side[] ab = pair();
        int n = slow ? 5 : 50;
        Set<Long> sequence = new HashSet<>();
        List<Packet> packets = new ArrayList<>();
        inThreads(thread -> {
            for (int i = 0; i < n; i++) {
                Packet p = ab[0].chat.encrypt(text(thread + "/" + i, thread * 1000 + i + 1));
                synchronized (packets) {
                    check(sequence.add(p.seq()), "number " + p.seq() + " was used twice");
                    packets.add(p);
                }
            }
        });
        Packets first = ab[0].chat.outbox();
        for (int i = 0; i < first.len(); i++) packets.add(first.get(i));
        packets.sort(Comparator.comparingLong(Packet::seq));
        inThreads(thread -> {
            // All of them receive everything; all but one of each are duplicates.
            for (Packet p : packets) {
                try {
                    ab[1].chat.receive(p.data());
                } catch (Exception e) {
                    equal(Mobile.errorKind(e), Mobile.ErrorDuplicate, e.toString());
                }
            }
        });
        ab[0].chat.check();
        ab[1].chat.check();
    }

    private static void noLeaks() throws Exception {
        leakTest(slow ? 20 : 1000, i -> {
            Side[] ab = pair();
            for (Side s : ab) s.work();
            ab[0].send("hello", 1);
            ab[1].work();
            equal(ab[1].received, Arrays.asList("hello"), "received");
            ab[1].restart();
            if (i % 2 == 0) ab[0].chat.discard(); // else the garbage collectors do all of it
        });
    }
}
