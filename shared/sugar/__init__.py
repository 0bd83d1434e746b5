"""SugarCRM REST v11: session, feed, reads, writes, and the field map."""
