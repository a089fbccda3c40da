"""People using the phones, through the JSON API that anybody may drive them with."""

import json

from django.test import Client

API = "/switchboard/phones/api"


class Phones:
    def __init__(self):
        self.client = Client(enforce_csrf_checks=True)

    def text(self, sender, to, body="Is it still there?"):
        return self._created("messages", {"from": sender, "to": to, "body": body})

    def call(self, caller, to):
        return self._created("calls", {"from": caller, "to": to})

    def answer(self, sid):
        return self._changed(sid, "answer")

    def hang_up(self, sid):
        return self._changed(sid, "hangup")

    def of(self, number):
        answer = self.client.get(f"{API}/phones/{number}")
        assert answer.status_code == 200
        return answer.json()

    def texts(self, number):
        """(from, to, body) of that phone's texts, newest first."""
        return [(m["from"], m["to"], m["body"]) for m in self.of(number)["messages"]]

    def rings(self, number):
        """The newest call of that phone."""
        return self.of(number)["calls"][0]

    def post(self, path, fields):
        return self.client.post(
            f"{API}/{path}", json.dumps(fields), content_type="application/json"
        )

    def _created(self, path, fields):
        answer = self.post(path, fields)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def _changed(self, sid, verb):
        answer = self.post(f"calls/{sid}/{verb}", {})
        assert answer.status_code == 200, answer.content
        return answer.json()
