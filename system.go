package citywatch

// The classes of the readings that citywatch makes about itself.
const (
	// SystemClass is the class of the readings about citywatch's own parts;
	// their device is SystemID.
	SystemClass = "citywatch"
	// SystemID is the device whose readings say how citywatch is.
	SystemID = "citywatch"
	// CanaryClass is the class of the messages that citywatch sends itself
	// through each broker, to know that the way from a device to the wall is
	// open. They have one value, CanaryValue.
	CanaryClass = "canary"
	// CanaryValue is always 1: what it tells is that it came, and when.
	CanaryValue = "alive"
)
