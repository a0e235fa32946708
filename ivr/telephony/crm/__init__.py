"""Events told to a company's own systems (CRMs) by signed webhooks."""
