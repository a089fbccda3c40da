"""Messages and calls on their way: from a phone to a number, through Proxy, to the other phone.

State moves by conditional UPDATE, and every webhook is posted between two of them, never
inside a transaction: its receiver may write to the same database.
"""
