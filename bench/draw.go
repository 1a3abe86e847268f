package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/mtcore/mtcore/bench/internal/page"
	"github.com/mtcore/mtcore/internal/results"
)

// drawFiles writes the page of the reports in the files, and the card of the first one.
func drawFiles(w io.Writer, opt options) error {
	var reports []*results.Report
	for _, file := range opt.files {
		r, err := results.Read(file)
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	return draw(w, opt, reports)
}

// draw writes what the options ask for.
func draw(w io.Writer, opt options, reports []*results.Report) error {
	for _, x := range []struct {
		name  string
		write func(w io.Writer) error
	}{
		{opt.html, func(w io.Writer) error { return page.Write(w, reports) }},
		{withEnding(opt.card, ".svg"), func(w io.Writer) error { return page.WriteCardSVG(w, reports[0]) }},
		{withEnding(opt.card, ".png"), func(w io.Writer) error { return page.WriteCardPNG(w, reports[0]) }},
	} {
		if x.name == "" {
			continue
		}
		var b bytes.Buffer
		if err := x.write(&b); err != nil {
			return err
		}
		if err := os.WriteFile(x.name, b.Bytes(), 0o666); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s: %s\n", x.name, results.Size(b.Len()))
	}
	return nil
}

// withEnding adds the ending, unless there is no name.
func withEnding(name, ending string) string {
	if name == "" {
		return ""
	}
	return name + ending
}
