package secretchat

import "github.com/mtcore/mtcore/internal/tl"

// action says what an action of a service message is for. Its fields are in package tl.
type action struct {
	id tl.ActionID
	// do is what a message in its turn has the driver do, if the action is the driver's
	// own. The application can neither send it nor sees it.
	do func(*session, *incoming) error
	// event is what the application is told of any other.
	event EventKind
}

// actions has all actions that package tl knows.
var actions = [...]action{
	{id: tl.SetMessageTTL, event: EventSetTTL},
	{id: tl.ReadMessages, event: EventRead},
	{id: tl.DeleteMessages, event: EventDelete},
	{id: tl.ScreenshotMessages, event: EventScreenshot},
	{id: tl.FlushHistory, event: EventFlushHistory},
	{id: tl.Typing, event: EventTyping},

	{id: tl.Resend, do: (*session).onNothing},      // It was answered when it came,
	{id: tl.NotifyLayer, do: (*session).onNothing}, // and this noted with the layer of the message.
	{id: tl.RequestKey, do: (*session).onRequestKey},
	{id: tl.AcceptKey, do: (*session).onAcceptKey},
	{id: tl.CommitKey, do: (*session).onCommitKey},
	{id: tl.AbortKey, do: (*session).onAbortKey},
	{id: tl.Noop, do: (*session).onNothing},
}

// findAction returns what an action is for. One that is missing above is to the
// application what it is to the driver: something newer.
func findAction(id tl.ActionID) action {
	for i := range actions {
		if actions[i].id == id {
			return actions[i]
		}
	}
	return action{id: id, event: EventUnsupported}
}
