package main

import (
	"errors"
	"io"

	"github.com/mtcore/mtcore/bench/internal/report"
)

func drawFiles(w io.Writer, name string, files []string) error { return errors.New("not yet") }

func draw(w io.Writer, name string, reports []*report.Report) error { return errors.New("not yet") }
