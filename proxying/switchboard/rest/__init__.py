"""The rest of Twilio that a marketplace on the virtual carrier needs: numbers, texts, codes."""
