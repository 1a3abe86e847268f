package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/mtcore/mtcore/bench/internal/page"
	"github.com/mtcore/mtcore/internal/results"
)

// drawFiles writes the page of the reports in the files.
func drawFiles(w io.Writer, name string, files []string) error {
	var reports []*results.Report
	for _, file := range files {
		r, err := results.Read(file)
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	return draw(w, name, reports)
}

// draw writes the page of the reports.
func draw(w io.Writer, name string, reports []*results.Report) error {
	var b bytes.Buffer
	if err := page.Write(&b, reports); err != nil {
		return err
	}
	if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %s\n", name, results.Size(b.Len()))
	return nil
}
