package relay

import (
	"slices"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

func (u *User) state(*tg.UpdatesGetStateRequest) (bin.Encoder, error) {
	s := u.updatesState()
	return &s, nil
}

func (u *User) updatesState() tg.UpdatesState {
	return tg.UpdatesState{Pts: 1, Qts: u.qts, Date: now, Seq: 1}
}

// difference has the state of all chats in it: clients must cope with what they know.
func (u *User) difference(q *tg.UpdatesGetDifferenceRequest) (bin.Encoder, error) {
	d := &tg.UpdatesDifference{State: u.updatesState()}
	for _, id := range u.chats {
		d.OtherUpdates = append(d.OtherUpdates, &tg.UpdateEncryption{Chat: u.relay.chats[id].view(u), Date: now})
	}
	for _, m := range u.queue {
		if m.Qts > q.Qts {
			d.NewEncryptedMessages = append(d.NewEncryptedMessages, m.Message)
		}
	}
	return d, nil
}

// receivedQueue forgets messages that the client has stored.
func (u *User) receivedQueue(q *tg.MessagesReceivedQueueRequest) (bin.Encoder, error) {
	if q.MaxQts < 0 || q.MaxQts > u.qts {
		u.relay.violation("user %d acknowledges qts %d of %d", u.ID, q.MaxQts, u.qts)
		return nil, tgerr.New(400, "MAX_QTS_INVALID")
	}
	var ids []int64
	u.queue = slices.DeleteFunc(u.queue, func(m *tg.UpdateNewEncryptedMessage) bool {
		if m.Qts > q.MaxQts {
			return false
		}
		ids = append(ids, m.Message.GetRandomID())
		return true
	})
	return &tg.LongVector{Elems: ids}, nil
}

// deliver puts a message into the user's queue.
func (u *User) deliver(m tg.EncryptedMessageClass) {
	if u.lose > 0 {
		u.lose--
		return
	}
	u.qts++
	update := &tg.UpdateNewEncryptedMessage{Message: m, Qts: u.qts}
	u.queue = append(u.queue, update)
	u.push(update)
}
