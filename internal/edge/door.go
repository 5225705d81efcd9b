package edge

import (
	"crypto/subtle"

	"github.com/nats-io/nats-server/v2/server"
)

// A door lets clients in: the users by their passwords, or everybody where
// there are no users.
type door struct {
	passwords map[string]string // by user
}

func newDoor(users []User) (*door, error) {
	d := &door{passwords: map[string]string{}}
	for _, u := range users {
		password, err := u.password()
		if err != nil {
			return nil, err
		}
		d.passwords[u.Name] = password
	}
	return d, nil
}

// Check is called by the server for each client that connects.
func (d *door) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if len(d.passwords) > 0 {
		password, known := d.passwords[o.Username]
		if !known || subtle.ConstantTimeCompare([]byte(password), []byte(o.Password)) == 0 {
			return false
		}
	}
	c.RegisterUser(&server.User{Username: o.Username, Permissions: permissions()})
	return true
}

// permissions keep clients from the server's own subjects. A topic is a
// subject, so without them a client deletes every session's queue by
// publishing nothing to $JS/API/STREAM/DELETE/$MQTT_msgs.
func permissions() *server.Permissions {
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Deny: []string{"$JS.>", "$MQTT.>", "$SYS.>"}},
		Subscribe: &server.SubjectPermission{Deny: []string{"$JS.>", "$MQTT.msgs.>", "$MQTT.rmsgs.>", "$MQTT.sess.>", "$SYS.>"}},
	}
}
