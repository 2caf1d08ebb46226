"""Phrases that people and mail programs write around an answer, by language. Case-insensitive regular expressions; each
table says where they must match."""

import re

# Closings, as whole lines.
FAREWELLS = (
    "(many )?thanks( a lot| again| so much)?|thank you( very much| so much)?|thx|cheers|take care",
    "(best|kind|warm|kindest|with kind|with best)? ?regards|best( wishes)?|all the best",
    "sincerely( yours)?|yours( sincerely| truly| faithfully)?|have a (nice|good|great) (day|weekend|evening)",
    "(mit )?(freundlichen?|besten?|lieben?|schöne|viele|liebe|beste) grüssen?|grüsse|vg|lg|mfg|danke( schön)?|vielen dank",
    "(bien )?cordialement|merci( beaucoup)?|bonne journée|(bien )?à vous",
    "(un )?(cordial )?saludos?( cordiales)?|(muchas )?gracias|atentamente",
    "(cordiali|distinti) saluti|grazie( mille)?|obrigad[oa]|atenciosamente",
    "met vriendelijke groet(en)?|bedankt|groet(jes|en)?|pozdrawiam|med vänliga? hälsning(ar)?|mvh|tack",
    "с уважением|спасибо|よろしくお願い(いた|致)?します|ありがとうございます|谢谢|此致|敬礼|祝好|شكرا|مع (أطيب )?التحيات?",
)

# Doubts, questions, conditions and retractions, anywhere. A false match is harmless: we ask again.
DOUBTS = (
    "[?？؟¿;]",
    r"\b(if|unless|except|but|only|until|wait|hold|however|although|though|not|no|don['’]?t|never|cannot|can['’]?t|won['’]?t)\b",
    r"\b(actually|instead|maybe|perhaps|unsure|cancel|undo|revert|withdraw|stop|reject|approve|changed my mind|second thought)\b",
    r"\b(half|part(ly|ially)?|maximum|max\.? ?\d+|at most|up to|limit(ed)?|just|less|eur|usd|gbp|chf)\b|[€$£¥%]",
    r"\b(correction|provided|assuming|when|once|after|before|later|tomorrow)\b",
    r"\b(aber|nur|nicht|kein|wenn|falls|erst|doch|warte|mais|seulement|pas|sauf|attend[sz]?|pero|solo|espera|excepto)\b",
    r"\b(però|aspetta|mas|não|exceto|но|не|если|только|подожди)\b",
    "しかし|ただし|まだ|待|但|如果|不|لا|لكن|إذا",
)

# Out-of-office subjects, at the start.
AWAY_SUBJECTS = (
    r"automatic reply|auto(matic)?[ -]?(reply|response)|out of (the )?office|ooo\b|away from|on (vacation|leave)\b",
    "abwesen|automatische antwort|nicht im büro|réponse automatique|absence|absent",
    "respuesta automática|fuera de (la )?oficina|ausente|risposta automatica|fuori (ufficio|sede)",
    "resposta automática|fora do escritório|automatisch antwoord|afwezig|automatisk|autosvar",
    "automatická odpověď|automatyczna odpowiedź|otomatik yanıt|автоответ|автоматический ответ|отсутств",
    "自動応答|自動返信|不在|自动回复|自動回覆|부재중|자동 회신|رد تلقائي|خارج المكتب",
)

# Out-of-office texts, anywhere in the first lines.
AWAY_TEXTS = (
    "i( am|['’]m| will be|['’]ll be) (currently |now )?(out of (the )?(office|town)|away|on ([a-z]+ )?(vacation|holiday|leave))",
    "(this is an|this is a) (automatic|automated|auto)",
    "ich bin .{0,40}(nicht im büro|abwesend|im urlaub|nicht erreichbar)|dies ist eine automatische",
    "je suis .{0,30}(absent|en congé|en vacances|hors du bureau)|ceci est (un message|une réponse) automatique",
    "estoy .{0,30}(fuera de (la )?oficina|de vacaciones|ausente)|este es un mensaje automático",
    "(estarei|estou) .{0,30}(fora do escritório|de férias|ausente)|sono .{0,30}(fuori ufficio|in ferie|assente)",
    "я .{0,30}в отпуске|меня (не будет|нет) в офисе|это автоматическ",
    "不在に(して|し)おります|休暇(を取得|を頂|をいただ|中)|自動(応答|返信)(メール)?です",
    "我(目前|现在)?(正在|在)?(休假|外出|不在办公室)|这是(一封)?自动回复",
    "أنا .{0,20}(خارج المكتب|في إجازة)|هذه رسالة (آلية|تلقائية)",
)

# Advertisements added by phones and free mail services, as whole lines at the end.
ADVERTS = (
    "(sent from|sent with|get outlook for|get yahoo).{0,80}",
    "von meine[mr] .{1,40} gesendet|(gesendet|verschickt) (von|mit) .{1,60}|diese nachricht wurde von .{1,60}",
    "envoyé (de|depuis|à partir) .{1,60}|(télécharger|obtenir|obtenez) outlook .{1,40}",
    "enviado (desde|do|de|a partir) .{1,60}|(obtener|obter|ottieni|outlook für) .{1,40}|inviato da .{1,60}",
    "verzonden (vanaf|met) .{1,60}|skickat från .{1,60}|sendt fra .{1,60}|odesláno z .{1,60}|wysłane? z .{1,60}",
    "отправлено (с|из) .{1,60}|(مرسل|أرسلت) من .{1,60}|发自我的.{1,40}|從我的.{1,60}|.{1,30}(から送信|에서 보냄)",
)


def any_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{phrase})" for phrase in phrases), re.IGNORECASE)
