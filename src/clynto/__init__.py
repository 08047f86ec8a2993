"""Clynto Billing with Stripe: exact recurring revenue, payment status and churn signals per account."""
