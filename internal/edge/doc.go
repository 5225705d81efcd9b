// Package edge is the broker that sensors find where no other is configured: a
// NATS server in this process of which only the MQTT listener is open.
//
// What it has acknowledged it keeps: a QoS 1 message for a persistent session
// is in its file before the PUBACK goes out, so it outlives the end of this
// process in whatever way, and after a second also a power cut.
//
// It knows no shared subscriptions ($share), and refuses topics with a space
// or a '>'. It runs in this process: open it to networks that you trust, and
// put Mosquitto or EMQX before the others.
package edge
