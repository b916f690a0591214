"""Language models, whoever runs them: what one is asked, how it answers piece by piece, and how it fails."""
