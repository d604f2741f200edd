"""Which exams take part, and why the others do not."""
