package gotd

import (
	"mime"
	"path/filepath"
	"time"

	"github.com/gotd/td/tg/e2e"
)

// ViewOnce is the TTL of a message that may be looked at once. No ReadMessages answers it.
const ViewOnce = 0x7FFFFFFF

// Thumbnail is a small JPEG, which goes inside of the message. Telegram for Android shows
// those of at most 6000 bytes and 100 by 100 pixels.
type Thumbnail struct {
	JPEG []byte
	W, H int
}

// Media is what a message is sent with: see [Photo], [Video] and so on. A zero Media is
// none.
type Media struct {
	media   e2e.DecryptedMessageMediaClass
	file    *File
	caption bool // media has a place for one
}

func (t Thumbnail) of() ([]byte, int, int) { return t.JPEG, t.W, t.H }

// Photo is a JPEG of w by h pixels.
func Photo(f *File, w, h int, thumb Thumbnail) Media {
	m := &e2e.DecryptedMessageMediaPhoto{W: w, H: h}
	m.Thumb, m.ThumbW, m.ThumbH = thumb.of()
	return Media{m, f, true}
}

// Video is an MP4 of w by h pixels.
func Video(f *File, w, h int, length time.Duration, thumb Thumbnail) Media {
	m := &e2e.DecryptedMessageMediaVideo{MimeType: typeOf(f, "video/mp4"), W: w, H: h, Duration: seconds(length)}
	m.Thumb, m.ThumbW, m.ThumbH = thumb.of()
	return Media{m, f, true}
}

// RoundVideo is a square MP4 that is shown as a circle.
func RoundVideo(f *File, side int, length time.Duration, thumb Thumbnail) Media {
	return document(f, typeOf(f, "video/mp4"), thumb,
		&e2e.DocumentAttributeVideo{RoundMessage: true, Duration: seconds(length), W: side, H: side})
}

// Voice is speech, in Ogg Opus, with a waveform of 5 bits for each sample, or nil.
func Voice(f *File, length time.Duration, waveform []byte) Media {
	return document(f, "audio/ogg", Thumbnail{},
		&e2e.DocumentAttributeAudio{Voice: true, Duration: seconds(length), Waveform: waveform})
}

// Audio is music.
func Audio(f *File, length time.Duration, title, performer string) Media {
	return document(f, typeOf(f, "audio/mpeg"), Thumbnail{}, named(f),
		&e2e.DocumentAttributeAudio{Duration: seconds(length), Title: title, Performer: performer})
}

// Animation is an MP4 without sound, or a GIF, of w by h pixels.
func Animation(f *File, w, h int, length time.Duration, thumb Thumbnail) Media {
	return document(f, typeOf(f, "video/mp4"), thumb, named(f), &e2e.DocumentAttributeAnimated{},
		&e2e.DocumentAttributeVideo{Duration: seconds(length), W: w, H: h})
}

// Document is any file. Its name goes inside of the message.
func Document(f *File, mimeType string, thumb Thumbnail) Media {
	return document(f, mimeType, thumb, named(f))
}

// Sticker is a WebP of w by h pixels that stands for an emoji, of the set with the short name,
// or of none.
func Sticker(f *File, w, h int, emoji, set string) Media {
	a := &e2e.DocumentAttributeSticker{Alt: emoji, Stickerset: &e2e.InputStickerSetEmpty{}}
	if set != "" {
		a.Stickerset = &e2e.InputStickerSetShortName{ShortName: set}
	}
	return document(f, typeOf(f, "image/webp"), Thumbnail{}, a, &e2e.DocumentAttributeImageSize{W: w, H: h})
}

// Location is a place in degrees.
func Location(lat, long float64) Media {
	return Media{media: &e2e.DecryptedMessageMediaGeoPoint{Lat: lat, Long: long}}
}

// Contact is a user, or somebody who has only a telephone. A user's id must have at most
// 32 bits, and is left out otherwise.
func Contact(phone, firstName, lastName string, userID int64) Media {
	m := &e2e.DecryptedMessageMediaContact{PhoneNumber: phone, FirstName: firstName, LastName: lastName}
	if int64(int32(userID)) == userID && userID > 0 {
		m.UserID = int(userID)
	}
	return Media{media: m}
}

// Venue is a place with a name. Provider and id may be those of Foursquare.
func Venue(lat, long float64, title, address, provider, id string) Media {
	return Media{media: &e2e.DecryptedMessageMediaVenue{
		Lat: lat, Long: long, Title: title, Address: address, Provider: provider, VenueID: id,
	}}
}

// Forward is the media of a message that was received, or of one that was sent with
// [Sent].File. The server sees that its file is the same.
func Forward(m *Message) (Media, error) {
	media := upMedia(m.Message.Media)
	if _, _, _, ok := fileOf(media); !ok {
		return Media{media: media}, nil
	}
	f, err := Stored(media, m.File)
	return Media{media, f, true}, err
}

func document(f *File, mimeType string, thumb Thumbnail, attributes ...e2e.DocumentAttributeClass) Media {
	m := &e2e.DecryptedMessageMediaDocument{MimeType: mimeType, Attributes: attributes}
	m.Thumb, m.ThumbW, m.ThumbH = thumb.of()
	return Media{m, f, true}
}

func named(f *File) e2e.DocumentAttributeClass {
	return &e2e.DocumentAttributeFilename{FileName: f.name}
}

func seconds(d time.Duration) int { return int(d.Round(time.Second) / time.Second) }

// typeOf returns the MIME type that the name of a file tells.
func typeOf(f *File, otherwise string) string {
	if t := mime.TypeByExtension(filepath.Ext(f.name)); t != "" {
		return t
	}
	return otherwise
}

// withCaption returns a copy of the media that has a caption, where there is a place.
func (m Media) withCaption(text string) e2e.DecryptedMessageMediaClass {
	switch media := m.media.(type) {
	case *e2e.DecryptedMessageMediaPhoto:
		c := *media
		c.Caption = text
		return &c
	case *e2e.DecryptedMessageMediaVideo:
		c := *media
		c.Caption = text
		return &c
	case *e2e.DecryptedMessageMediaDocument:
		c := *media
		c.Caption = text
		return &c
	default:
		return m.media
	}
}

// MediaKind is what a user would call media.
type MediaKind string

const (
	KindNone      MediaKind = ""
	KindPhoto     MediaKind = "photo"
	KindVideo     MediaKind = "video"
	KindRound     MediaKind = "round video"
	KindVoice     MediaKind = "voice"
	KindAudio     MediaKind = "audio"
	KindAnimation MediaKind = "animation"
	KindSticker   MediaKind = "sticker"
	KindDocument  MediaKind = "document"
	KindLocation  MediaKind = "location"
	KindVenue     MediaKind = "venue"
	KindContact   MediaKind = "contact"
	KindWebPage   MediaKind = "web page"
	KindOther     MediaKind = "other"
)

// MediaInfo describes media, whatever its form.
type MediaInfo struct {
	Kind           MediaKind
	MimeType, Name string
	Size           int64 // of the file, in bytes
	W, H           int
	Length         time.Duration
	Waveform       []byte
	Emoji          string // of a sticker
	Thumb          Thumbnail
	Caption        string
}

// Describe returns what media is.
func Describe(media e2e.DecryptedMessageMediaClass) MediaInfo {
	switch m := upMedia(media).(type) {
	case nil:
		return MediaInfo{}
	case *e2e.DecryptedMessageMediaPhoto:
		return MediaInfo{
			Kind: KindPhoto, MimeType: "image/jpeg", Size: int64(m.Size), W: m.W, H: m.H,
			Thumb: Thumbnail{m.Thumb, m.ThumbW, m.ThumbH}, Caption: m.Caption,
		}
	case *e2e.DecryptedMessageMediaVideo:
		return MediaInfo{
			Kind: KindVideo, MimeType: m.MimeType, Size: int64(m.Size), W: m.W, H: m.H, Length: length(m.Duration),
			Thumb: Thumbnail{m.Thumb, m.ThumbW, m.ThumbH}, Caption: m.Caption,
		}
	case *e2e.DecryptedMessageMediaAudio:
		return MediaInfo{Kind: KindVoice, MimeType: m.MimeType, Size: int64(m.Size), Length: length(m.Duration)}
	case *e2e.DecryptedMessageMediaDocument:
		i := describeAttributes(m.Attributes)
		i.MimeType, i.Size, i.Caption = m.MimeType, m.Size, m.Caption
		i.Thumb = Thumbnail{m.Thumb, m.ThumbW, m.ThumbH}
		return i
	case *e2e.DecryptedMessageMediaExternalDocument:
		i := describeAttributes(m.Attributes)
		i.MimeType, i.Size = m.MimeType, int64(m.Size)
		return i
	case *e2e.DecryptedMessageMediaGeoPoint:
		return MediaInfo{Kind: KindLocation}
	case *e2e.DecryptedMessageMediaVenue:
		return MediaInfo{Kind: KindVenue, Name: m.Title}
	case *e2e.DecryptedMessageMediaContact:
		return MediaInfo{Kind: KindContact, Name: m.FirstName}
	case *e2e.DecryptedMessageMediaWebPage:
		return MediaInfo{Kind: KindWebPage, Name: m.URL}
	default:
		return MediaInfo{Kind: KindOther}
	}
}

func length(seconds int) time.Duration { return time.Duration(max(0, seconds)) * time.Second }

// describeAttributes does so for documents. An animation is a video as well, and a
// sticker has a size.
func describeAttributes(attributes []e2e.DocumentAttributeClass) MediaInfo {
	i := MediaInfo{Kind: KindDocument}
	rank := map[MediaKind]int{KindAnimation: 1, KindSticker: 2}
	is := func(k MediaKind) {
		if rank[k] >= rank[i.Kind] {
			i.Kind = k
		}
	}
	for _, a := range attributes {
		switch a := a.(type) {
		case *e2e.DocumentAttributeImageSize:
			i.W, i.H = a.W, a.H
		case *e2e.DocumentAttributeVideo:
			i.W, i.H, i.Length = a.W, a.H, length(a.Duration)
			if a.RoundMessage {
				is(KindRound)
			} else {
				is(KindVideo)
			}
		case *e2e.DocumentAttributeAudio:
			i.Length, i.Waveform = length(a.Duration), a.Waveform
			if a.Voice {
				is(KindVoice)
			} else {
				is(KindAudio)
			}
		case *e2e.DocumentAttributeAnimated:
			is(KindAnimation)
		case *e2e.DocumentAttributeSticker:
			i.Emoji = a.Alt
			is(KindSticker)
		case *e2e.DocumentAttributeFilename:
			i.Name = a.FileName
		}
	}
	return i
}

// NameOf returns the name of the file of media, without any folders, or "". It is the peer's
// choice: nothing says that it fits the content.
func NameOf(media e2e.DecryptedMessageMediaClass) string {
	i := Describe(media)
	if _, _, _, ok := fileOf(upMedia(media)); !ok || i.Name == "" {
		return ""
	}
	name := filepath.Base(filepath.FromSlash(i.Name))
	if name == "." || name == string(filepath.Separator) || name == ".." {
		return ""
	}
	return name
}

// Text returns the text of a message, which is the caption if there is media.
func (m *Message) Text() string {
	if m.Message.Message != "" {
		return m.Message.Message
	}
	return Describe(m.Message.Media).Caption
}

// Info describes the media of a message.
func (m *Message) Info() MediaInfo { return Describe(m.Message.Media) }

// ViewOnce reports whether the message may be looked at once.
func (m *Message) ViewOnce() bool { return m.Message.TTL == ViewOnce }
