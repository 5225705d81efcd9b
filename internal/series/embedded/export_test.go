package embedded

// Expire deletes what is past its retention now, not within half an hour.
func (db *DB) Expire() { db.expiry.DeletionCheck() }
