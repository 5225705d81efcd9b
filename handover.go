package citywatch

import "time"

// A Handover is what one shift leaves to the next: how things stand, as
// citywatch knows it, and what the one who leaves adds. Once both have signed
// it is never changed.
type Handover struct {
	ID string `json:"id"`
	// Version counts its changes, from 1.
	Version int `json:"version"`
	// By is who leaves; only they write it.
	By      string    `json:"by"`
	Created time.Time `json:"created"`
	HandoverPicture
	// Remarks is what else is to be known, Notes what there is to say about
	// single alerts, by their ids.
	Remarks string            `json:"remarks"`
	Notes   map[string]string `json:"notes"`
	// Promises are what is to be done by a time and belongs to no alert. What
	// is not done goes on to the next handover.
	Promises []HandoverPromise `json:"promises"`

	// Leaving signs first, Arriving last; each is nil until then.
	Leaving  *Signature `json:"leaving,omitempty"`
	Arriving *Signature `json:"arriving,omitempty"`
	// Prev is the Hash of the handover that was signed before this one, Hash
	// that of all the above: both are set with the last signature.
	Prev string `json:"prev,omitempty"`
	Hash string `json:"hash,omitempty"`
	// Fault says in what it is not as it was signed. It is found when a
	// handover is read, and never kept.
	Fault string `json:"fault,omitempty"`
}

// Signed reports whether both have signed.
func (h *Handover) Signed() bool { return h.Leaving != nil && h.Arriving != nil }

// A Signature is a name and when it was put down.
type Signature struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// A HandoverPicture is how things stand. Every open alert stands in exactly one
// of its lists, the worst first.
type HandoverPicture struct {
	// Taken is for when it is true.
	Taken time.Time       `json:"taken"`
	Open  []HandoverAlert `json:"open"`
	// Shelved, Suppressed and Quiet are those about which nobody is called:
	// put aside, explained by another, or out of service or flapping.
	Shelved    []HandoverAlert `json:"shelved"`
	Suppressed []HandoverAlert `json:"suppressed"`
	Quiet      []HandoverAlert `json:"quiet"`
	// Service are the alerts that stand for devices being worked on.
	Service []HandoverAlert `json:"service"`
	// Cameras are those whose pictures cannot be used, Sensors those that are
	// silent or were never heard.
	Cameras []HandoverCamera `json:"cameras"`
	Sensors []HandoverSensor `json:"sensors"`
	// AuditLines and AuditHash are where the audit ended: written down in two
	// places, nothing before can be taken out of it unseen.
	AuditLines uint64 `json:"audit_lines"`
	AuditHash  string `json:"audit_hash"`
}

// A HandoverAlert is an open alert as a handover shows it.
type HandoverAlert struct {
	ID       string `json:"id"`
	Rule     string `json:"rule"`
	Name     Text   `json:"name"`
	Hazard   string `json:"hazard"`
	Device   string `json:"device"`
	Zone     string `json:"zone"`
	Incident string `json:"incident,omitempty"`
	// Since is when it began, Age how many seconds before Taken that was.
	Since    time.Time `json:"since"`
	Age      float64   `json:"age"`
	Standing Standing  `json:"standing"`
	// Escalation is as in Alert.
	Escalation int       `json:"escalation,omitempty"`
	Promises   []Promise `json:"promises,omitempty"`
}

// A HandoverCamera is a camera whose pictures cannot be used.
type HandoverCamera struct {
	ID        string      `json:"id"`
	Name      string      `json:"name"`
	Zone      string      `json:"zone"`
	State     CameraState `json:"state"`
	Since     time.Time   `json:"since,omitzero"`
	LastFrame time.Time   `json:"last_frame,omitzero"`
	Detail    string      `json:"detail,omitempty"`
}

// A HandoverSensor is a device that is silent, or was never heard.
type HandoverSensor struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Class     string    `json:"class"`
	Zone      string    `json:"zone"`
	Freshness Freshness `json:"freshness"`
	// Heard is when its last reading arrived; zero if none did.
	Heard time.Time `json:"heard,omitzero"`
}

// A HandoverPromise is something to be done by a time that belongs to no alert.
type HandoverPromise struct {
	Promise
	Done bool `json:"done"`
}

// A HandoverHead is what a list shows of a handover. Its members are those of
// Handover.
type HandoverHead struct {
	ID       string     `json:"id"`
	Version  int        `json:"version"`
	By       string     `json:"by"`
	Created  time.Time  `json:"created"`
	Leaving  *Signature `json:"leaving,omitempty"`
	Arriving *Signature `json:"arriving,omitempty"`
	Hash     string     `json:"hash,omitempty"`
	// Open counts the alerts that were open, by level; Cameras and Sensors
	// those that told nothing.
	Open    map[Level]int `json:"open"`
	Cameras int           `json:"cameras"`
	Sensors int           `json:"sensors"`
	Fault   string        `json:"fault,omitempty"`
}

// A HandoverEdit is what the one who leaves writes into a handover: all of it,
// instead of what stood there.
type HandoverEdit struct {
	Remarks  string            `json:"remarks"`
	Notes    map[string]string `json:"notes"`
	Promises []HandoverPromise `json:"promises"`
}

// An OpenPromise is one that nobody has said to be kept.
type OpenPromise struct {
	// ID is the same for as long as the promise is.
	ID string `json:"id"`
	Promise
	// Handover is the id of the last signed one, which has it, or Alert that of
	// the open alert that it was made about.
	Handover string `json:"handover,omitempty"`
	Alert    string `json:"alert,omitempty"`
}
