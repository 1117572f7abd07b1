"""Pictures of boards, and of what a network sees on them."""
