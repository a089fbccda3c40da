"""What Proxy's views share: the rate limit, and finding what an address names."""

from proxying.switchboard import sessions
from proxying.switchboard.api.throttling import ProxyThrottle
from proxying.switchboard.api.views import TwilioView
from proxying.switchboard.errors import NotFound, Rule, RuleBroken
from proxying.switchboard.models import Participant, Service, Session
from proxying.switchboard.proxy.resources import Resources


class ProxyView(TwilioView):
    """A view below ``/v1``; each ``find_`` raises ``NotFound`` for what is not there."""

    throttle_classes = (ProxyThrottle,)

    @property
    def resources(self) -> Resources:
        return Resources(self.request)

    def find_service(self, service_sid: str) -> Service:
        service = Service.objects.filter(sid=service_sid).first()
        if service is None:
            raise NotFound(self.request.path)
        return service

    def find_session(self, service_sid: str, session_sid: str) -> Session:
        """The Session as time has left it: closed, if its own is over."""
        in_service = Session.objects.filter(service=service_sid)
        session = in_service.filter(sid=session_sid).first()
        if session is None:
            raise NotFound(self.request.path)
        if session.is_expired:
            sessions.close_expired(in_service.filter(sid=session_sid))
            session.refresh_from_db()
        return session

    def find_session_by_name(self, service_sid: str, unique_name: str) -> Session:
        sid = (
            Session.objects.filter(service=service_sid, unique_name=unique_name)
            .values_list("sid", flat=True)
            .first()
        )
        if sid is None:
            self.find_service(service_sid)
            raise RuleBroken(Rule.NO_SUCH_UNIQUE_NAME)
        return self.find_session(service_sid, sid)

    def find_participant(
        self, service_sid: str, session_sid: str, participant_sid: str
    ) -> Participant:
        session = self.find_session(service_sid, session_sid)
        participant = session.participants.filter(sid=participant_sid).first()
        if participant is None:
            raise NotFound(self.request.path)
        return participant
