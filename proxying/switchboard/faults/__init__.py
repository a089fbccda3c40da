"""The switchboard misbehaves when told to, as networks and Twilio do without being told.

In development and tests only: with the virtual carrier off, no rule is even looked for.

- ``plan``: which faults befall this request or webhook
- ``door``: what then happens to a request of the API; ``connections``: how one is dropped
- ``held``: webhooks that come late or overtake each other
- ``journal``: every request while there is a rule, and the ledger of numbers
- ``api``: ``/switchboard/faults/`` for programs; ``views``: the same for people
"""
