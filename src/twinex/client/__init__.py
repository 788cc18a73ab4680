"""What a member's program imports: it knows the market by `spec/` and the standard library."""
