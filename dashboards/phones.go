package dashboards

import (
	"fmt"
	"net/http"

	"citywatch"
)

func (s *site) phones() (phones, error) {
	if s.deps.Field == nil || s.deps.Field.Phones == nil || s.deps.Field.Phones.PublicKey() == "" {
		return nil, errNotConfigured("Web Push")
	}
	return s.deps.Field.Phones, nil
}

// A phoneBody is a browser's subscription, and what it is for.
type phoneBody struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256DH string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
	Person string          `json:"person"`
	Team   string          `json:"team"`
	Zones  []string        `json:"zones"`
	Level  citywatch.Level `json:"level"`
	Lang   string          `json:"lang"`
}

// subscribe keeps a phone, so that it is told of alerts.
func (s *site) subscribe(w http.ResponseWriter, r *http.Request) {
	kept, err := s.phones()
	var b phoneBody
	if err == nil {
		err = decode(w, r, &b)
	}
	if err == nil {
		err = s.knownZones(b.Zones)
	}
	var p Phone
	if err == nil {
		p, err = kept.Subscribe(Phone{
			Endpoint: b.Endpoint, P256DH: b.Keys.P256DH, Auth: b.Keys.Auth,
			Person: b.Person, Team: b.Team, Zones: b.Zones, Level: b.Level, Lang: b.Lang,
		})
	}
	s.respondPhone(w, r, p, err)
}

// knownZones refuses a zone that no alert will ever be of.
func (s *site) knownZones(zones []string) error {
	known := map[string]bool{}
	for _, z := range s.deps.Zones {
		known[z.ID] = true
	}
	for _, z := range zones {
		if !known[z] {
			return fmt.Errorf("%w: there is no zone %q", ErrInvalid, z)
		}
	}
	return nil
}

func (s *site) getPhone(w http.ResponseWriter, r *http.Request) {
	kept, err := s.phones()
	var p Phone
	if err == nil {
		p, err = kept.Phone(r.PathValue("id"))
	}
	s.respondPhone(w, r, p, err)
}

// forgetPhone answers with what there was.
func (s *site) forgetPhone(w http.ResponseWriter, r *http.Request) {
	kept, err := s.phones()
	var p Phone
	if err == nil {
		p, err = kept.Phone(r.PathValue("id"))
	}
	if err == nil {
		err = kept.Forget(p.ID)
	}
	s.respondPhone(w, r, p, err)
}

// tryPhone sends a trial to a phone.
func (s *site) tryPhone(w http.ResponseWriter, r *http.Request) {
	kept, err := s.phones()
	var p Phone
	if err == nil {
		p, err = kept.Phone(r.PathValue("id"))
	}
	if err == nil {
		err = kept.Try(r.Context(), p.ID)
	}
	s.respondPhone(w, r, p, err)
}

func (s *site) respondPhone(w http.ResponseWriter, r *http.Request, p Phone, err error) {
	if p.Zones == nil {
		p.Zones = []string{}
	}
	s.respond(w, r, p, err)
}
