"""What people see in a terminal: figures, bars, pictures of books. Shared by all reports."""
