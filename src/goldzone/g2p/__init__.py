"""What goldzone is for: phonemizers, trained, decoded and scored."""
