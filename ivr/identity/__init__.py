"""Who a caller is: customers, matching, one-time codes, assurance, the signed result."""
