package relay

import (
	"slices"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
)

// other is an update without a qts. Clients that miss one find a gap in seq, and ask for
// all since a date.
type other struct {
	date   int
	update tg.UpdateClass
}

// sliceLimit is how many messages a difference has at most.
const sliceLimit = 100

func (u *User) state(*tg.UpdatesGetStateRequest) (bin.Encoder, error) {
	s := u.updatesState()
	return &s, nil
}

func (u *User) updatesState() tg.UpdatesState {
	return tg.UpdatesState{Pts: 1, Qts: u.qts, Date: u.relay.now, Seq: u.seq}
}

// difference has what the client has missed, in slices. What has no qts comes first.
func (u *User) difference(q *tg.UpdatesGetDifferenceRequest) (bin.Encoder, error) {
	var others []tg.UpdateClass
	for _, o := range u.others {
		if o.date > q.Date {
			others = append(others, o.update)
		}
	}
	var messages []tg.EncryptedMessageClass
	state := u.updatesState()
	for _, m := range u.queue {
		switch {
		case m.Qts <= q.Qts:
		case len(messages) == sliceLimit:
			u.slices++
			return &tg.UpdatesDifferenceSlice{
				OtherUpdates: others, NewEncryptedMessages: messages, IntermediateState: state,
			}, nil
		default:
			messages = append(messages, m.Message)
			state.Qts = m.Qts
		}
	}
	if len(others)+len(messages) == 0 {
		return &tg.UpdatesDifferenceEmpty{Date: state.Date, Seq: state.Seq}, nil
	}
	state.Qts = u.qts
	return &tg.UpdatesDifference{OtherUpdates: others, NewEncryptedMessages: messages, State: state}, nil
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
	u.push(&tg.Updates{Updates: []tg.UpdateClass{update}})
}

// tell sends the user an update without a qts.
func (u *User) tell(update tg.UpdateClass) {
	u.relay.now++
	u.seq++
	u.others = append(u.others, other{u.relay.now, update})
	u.push(&tg.Updates{Updates: []tg.UpdateClass{update}, Date: u.relay.now, Seq: u.seq})
}
