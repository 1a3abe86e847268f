package gotd

import (
	"math"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tg/e2e"
)

// How text looks is said by entities, which cloud chats and secret chats have in common
// but for their Go types.

// TGEntities returns the entities of a secret chat's message as those of package tg, which
// gotd's own tools for text take.
func TGEntities(entities []e2e.MessageEntityClass) []tg.MessageEntityClass {
	out := make([]tg.MessageEntityClass, 0, len(entities))
	for _, e := range entities {
		offset, length := e.GetOffset(), e.GetLength()
		switch e := e.(type) {
		case *e2e.MessageEntityMention:
			out = append(out, &tg.MessageEntityMention{Offset: offset, Length: length})
		case *e2e.MessageEntityHashtag:
			out = append(out, &tg.MessageEntityHashtag{Offset: offset, Length: length})
		case *e2e.MessageEntityBotCommand:
			out = append(out, &tg.MessageEntityBotCommand{Offset: offset, Length: length})
		case *e2e.MessageEntityURL:
			out = append(out, &tg.MessageEntityURL{Offset: offset, Length: length})
		case *e2e.MessageEntityEmail:
			out = append(out, &tg.MessageEntityEmail{Offset: offset, Length: length})
		case *e2e.MessageEntityBold:
			out = append(out, &tg.MessageEntityBold{Offset: offset, Length: length})
		case *e2e.MessageEntityItalic:
			out = append(out, &tg.MessageEntityItalic{Offset: offset, Length: length})
		case *e2e.MessageEntityCode:
			out = append(out, &tg.MessageEntityCode{Offset: offset, Length: length})
		case *e2e.MessageEntityPre:
			out = append(out, &tg.MessageEntityPre{Offset: offset, Length: length, Language: e.Language})
		case *e2e.MessageEntityTextURL:
			out = append(out, &tg.MessageEntityTextURL{Offset: offset, Length: length, URL: e.URL})
		case *e2e.MessageEntityMentionName:
			out = append(out, &tg.MessageEntityMentionName{Offset: offset, Length: length, UserID: int64(e.UserID)})
		case *e2e.MessageEntityPhone:
			out = append(out, &tg.MessageEntityPhone{Offset: offset, Length: length})
		case *e2e.MessageEntityCashtag:
			out = append(out, &tg.MessageEntityCashtag{Offset: offset, Length: length})
		case *e2e.MessageEntityBankCard:
			out = append(out, &tg.MessageEntityBankCard{Offset: offset, Length: length})
		case *e2e.MessageEntityUnderline:
			out = append(out, &tg.MessageEntityUnderline{Offset: offset, Length: length})
		case *e2e.MessageEntityStrike:
			out = append(out, &tg.MessageEntityStrike{Offset: offset, Length: length})
		case *e2e.MessageEntityBlockquote:
			out = append(out, &tg.MessageEntityBlockquote{Offset: offset, Length: length})
		case *e2e.MessageEntitySpoiler:
			out = append(out, &tg.MessageEntitySpoiler{Offset: offset, Length: length})
		case *e2e.MessageEntityCustomEmoji:
			out = append(out, &tg.MessageEntityCustomEmoji{Offset: offset, Length: length, DocumentID: e.DocumentID})
		default:
			out = append(out, &tg.MessageEntityUnknown{Offset: offset, Length: length})
		}
	}
	return out
}

// SecretEntities returns entities of package tg as those of a secret chat's message. Those
// that secret chats do not have are left out: dates, differences, whether a quotation is
// collapsed, and names of users whose id has more than 32 bits.
func SecretEntities(entities []tg.MessageEntityClass) []e2e.MessageEntityClass {
	out := make([]e2e.MessageEntityClass, 0, len(entities))
	for _, e := range entities {
		offset, length := e.GetOffset(), e.GetLength()
		switch e := e.(type) {
		case *tg.MessageEntityUnknown:
			out = append(out, &e2e.MessageEntityUnknown{Offset: offset, Length: length})
		case *tg.MessageEntityMention:
			out = append(out, &e2e.MessageEntityMention{Offset: offset, Length: length})
		case *tg.MessageEntityHashtag:
			out = append(out, &e2e.MessageEntityHashtag{Offset: offset, Length: length})
		case *tg.MessageEntityBotCommand:
			out = append(out, &e2e.MessageEntityBotCommand{Offset: offset, Length: length})
		case *tg.MessageEntityURL:
			out = append(out, &e2e.MessageEntityURL{Offset: offset, Length: length})
		case *tg.MessageEntityEmail:
			out = append(out, &e2e.MessageEntityEmail{Offset: offset, Length: length})
		case *tg.MessageEntityBold:
			out = append(out, &e2e.MessageEntityBold{Offset: offset, Length: length})
		case *tg.MessageEntityItalic:
			out = append(out, &e2e.MessageEntityItalic{Offset: offset, Length: length})
		case *tg.MessageEntityCode:
			out = append(out, &e2e.MessageEntityCode{Offset: offset, Length: length})
		case *tg.MessageEntityPre:
			out = append(out, &e2e.MessageEntityPre{Offset: offset, Length: length, Language: e.Language})
		case *tg.MessageEntityTextURL:
			out = append(out, &e2e.MessageEntityTextURL{Offset: offset, Length: length, URL: e.URL})
		case *tg.MessageEntityMentionName:
			out = appendMention(out, offset, length, e.UserID)
		case *tg.InputMessageEntityMentionName:
			if user, ok := e.UserID.(*tg.InputUser); ok {
				out = appendMention(out, offset, length, user.UserID)
			}
		case *tg.MessageEntityPhone:
			out = append(out, &e2e.MessageEntityPhone{Offset: offset, Length: length})
		case *tg.MessageEntityCashtag:
			out = append(out, &e2e.MessageEntityCashtag{Offset: offset, Length: length})
		case *tg.MessageEntityBankCard:
			out = append(out, &e2e.MessageEntityBankCard{Offset: offset, Length: length})
		case *tg.MessageEntityUnderline:
			out = append(out, &e2e.MessageEntityUnderline{Offset: offset, Length: length})
		case *tg.MessageEntityStrike:
			out = append(out, &e2e.MessageEntityStrike{Offset: offset, Length: length})
		case *tg.MessageEntityBlockquote:
			out = append(out, &e2e.MessageEntityBlockquote{Offset: offset, Length: length})
		case *tg.MessageEntitySpoiler:
			out = append(out, &e2e.MessageEntitySpoiler{Offset: offset, Length: length})
		case *tg.MessageEntityCustomEmoji:
			out = append(out, &e2e.MessageEntityCustomEmoji{Offset: offset, Length: length, DocumentID: e.DocumentID})
		}
	}
	return out
}

// appendMention appends the name of a user, whose id is an int in secret chats.
func appendMention(out []e2e.MessageEntityClass, offset, length int, user int64) []e2e.MessageEntityClass {
	if user < 0 || user > math.MaxInt32 {
		return out
	}
	return append(out, &e2e.MessageEntityMentionName{Offset: offset, Length: length, UserID: int(user)})
}
