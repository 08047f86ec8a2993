"""What billing does as time passes, and what people do to it: invoices, charges, renewals, stories."""
