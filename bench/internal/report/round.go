package report

import (
	"slices"
	"strconv"
)

// rounded returns a copy of r without digits that mean nothing.
func (r *Report) rounded() *Report {
	c := *r
	c.Results = slices.Clone(r.Results)
	for i := range c.Results {
		x := &c.Results[i]
		x.Ns, x.Low, x.High, x.Disturbed = round(x.Ns), round(x.Low), round(x.High), round(x.Disturbed)
		x.Samples = slices.Clone(x.Samples)
		for j := range x.Samples {
			x.Samples[j] = round(x.Samples[j])
		}
		x.Ratios = slices.Clone(x.Ratios)
		for j := range x.Ratios {
			x.Ratios[j].Value = round(x.Ratios[j].Value)
		}
	}
	c.Targets = slices.Clone(r.Targets)
	for i := range c.Targets {
		t := &c.Targets[i]
		t.Value, t.Limit = round(t.Value), round(t.Limit)
	}
	return &c
}

func round(x float64) float64 {
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 5, 64), 64)
	return x
}
