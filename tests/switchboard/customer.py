"""The other side of the webhooks: a customer's server that notes what it is told."""

from django.http import HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

BASE = "http://testserver/customer/"
OUT_OF_SESSION, INTERCEPT, CALLBACK = (
    f"{BASE}{name}" for name in ("out-of-session", "intercept", "callback")
)


class Customer:
    """``posts`` are the fields of each request, by the address's last part, oldest first."""

    def __init__(self):
        self.posts = {}
        self.signatures = []
        self.answers = {}
        self.barrier = None  # everybody out of session asks before anybody is answered

    def answers_json(self, fields, name="out-of-session"):
        self.answers[name] = HttpResponse(fields, content_type="application/json")

    def answers_twiml(self, verbs, name="out-of-session"):
        body = f"<?xml version='1.0'?><Response>{verbs}</Response>"
        self.answers[name] = HttpResponse(body, content_type="text/xml")

    def answers_status(self, status, name="out-of-session"):
        self.answers[name] = HttpResponse(status=status)

    def told(self, name):
        return self.posts.get(name, [])

    def post(self, request, name):
        self.posts.setdefault(name, []).append(request.POST.dict())
        self.signatures.append(
            (
                request.build_absolute_uri(),
                request.POST.dict(),
                request.headers["X-Twilio-Signature"],
            )
        )
        if self.barrier and name == "out-of-session":
            self.barrier.wait(timeout=10)
        answer = self.answers.get(name, HttpResponse(status=204))
        return HttpResponse(
            answer.content, status=answer.status_code, content_type=answer.get("Content-Type")
        )


customer = Customer()


@csrf_exempt
def receive(request, name):
    return customer.post(request, name)


urlpatterns = [path("customer/<name>", receive), path("", include("shoppingplace.urls"))]
