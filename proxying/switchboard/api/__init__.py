"""What all of Twilio's REST APIs share: who may ask, how, and how refusals look."""
