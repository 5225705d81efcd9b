package citywatch

import "time"

// KPIs say how well people can work with the alerts, in the terms of EEMUA 191.
type KPIs struct {
	// From and To are the time that they are about, known from Since on.
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Since time.Time `json:"since,omitzero"`
	// Operators share what calls.
	Operators int `json:"operators"`
	// Calls is how many times somebody was called, Rate how often each operator
	// was in ten minutes, on average and at most. The target is 1 to 2.
	Calls   int     `json:"calls"`
	Rate    float64 `json:"rate"`
	RateMax float64 `json:"rate_max"`
	// Flood is the share of the time in which it was ten or more; the target is
	// below 0.01.
	Flood float64 `json:"flood"`
	// Levels are the shares of calls of each level from 1 to 5. The target is
	// about 80 % low, 15 % medium, 5 % high.
	Levels [MaxLevel]float64 `json:"levels"`
	// Chattering is how many alerts changed three times or more within a minute.
	Chattering int `json:"chattering"`
	// Standing is how many alerts are open now and have been for more than 24
	// hours.
	Standing int `json:"standing"`
	// Times until people did something, from when they were called.
	Acknowledge KPITime `json:"acknowledge"`
	Dispatch    KPITime `json:"dispatch"`
	OnScene     KPITime `json:"on_scene"`
	Close       KPITime `json:"close"`
	// Rules are those of which an alert ended, the one with most false alarms
	// first.
	Rules []KPIRule `json:"rules"`
}

// A KPITime is how long something took, in seconds.
type KPITime struct {
	// Count is how often it was done; where it is 0 the others say nothing.
	Count  int     `json:"count"`
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
	Max    float64 `json:"max"`
}

// A KPIRule is how often the alerts of a rule were false.
type KPIRule struct {
	Rule       string  `json:"rule"`
	Ended      int     `json:"ended"`
	False      int     `json:"false"`
	FalseShare float64 `json:"false_share"`
}
