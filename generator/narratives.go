package generator

import "strings"

// A Narrative is a text as a company's counsel would write it for a detached
// body: attributed, neutral, and claiming no more than the company can know.
type Narrative struct {
	Kind string // statement kind
	// Code is the code which the text fits: of the vocabulary's list "assist"
	// for a request, of "outcome" for a decision, of a finding for a challenge, what
	// a reply answers, how something is corrected. Empty fits any.
	Code string
	Lang string // BCP 47
	Text string // may hold {company}, {authority} and {month}
}

// Fill puts names into the text. The month is written YYYY-MM in every
// language. An attestation's texts take its period, such as 2026-Q3, as month.
func (n Narrative) Fill(company, authority, month string) string {
	return strings.NewReplacer("{company}", company, "{authority}", authority, "{month}", month).Replace(n.Text)
}

// NarrativesFor returns the narratives of a kind and language that fit a code:
// those written for it, and those that fit any. Nil when there are none.
func NarrativesFor(kind, code, lang string) []Narrative {
	var fit []Narrative
	for _, n := range Narratives {
		if n.Kind == kind && n.Lang == lang && (n.Code == code || n.Code == "") {
			fit = append(fit, n)
		}
	}
	return fit
}

// Narratives are the pool of texts, in a fixed order. English has a request
// text for each kind of help and a decision text for each outcome; the other
// languages have texts that fit any, and a few for refusals.
var Narratives = []Narrative{
	// Requests, English.
	{"request", "exploit", "en", "{company} states that in {month} it received a letter which names {authority} as its sender. By our reading it asks for working code against an older release of our own product."},
	{"request", "vulnerability-info", "en", "{company} states that in {month} it received a letter which names {authority} as its sender. It asks that flaw reports be passed on thirty days before customers learn of them."},
	{"request", "fix-delay", "en", "{company} states that in {month} a person who gave {authority} as employer asked by telephone that the correction of one flaw wait until a later date. We kept a note of the call; we have no document."},
	{"request", "backdoor", "en", "{company} states that in {month} it received a paper which names {authority} as its sender. By our reading it asks for a change after which a third party could read what our product protects."},
	{"request", "update-channel", "en", "{company} states that in {month} it received a paper which names {authority} as its sender. It asks for an update, prepared by others, to be signed by us and sent to four devices."},
	{"request", "keys", "en", "{company} states that in {month} it received a paper which names {authority} as its sender. It asks for a copy of a signing key."},
	{"request", "infrastructure", "en", "{company} states that in {month} it received an inquiry which names {authority} as its source. It asks for servers in three regions, under a customer's name that isn't the customer's own."},
	{"request", "traffic-redirect", "en", "{company} states that in {month} it received a paper which names {authority} as its sender. It asks that downloads by some subscribers be answered with a file that the sender supplies."},
	{"request", "interdiction", "en", "{company} states that in {month} it received a letter which names {authority} as its sender. It asks that parcels for two customers be routed by way of a warehouse that the letter names."},
	{"request", "staff", "en", "{company} states that in {month} it received a letter which names {authority} as its sender. It asks for two engineers for six months, for work that the letter calls operational."},
	{"request", "targeting", "en", "{company} states that in {month} it received a paper which names {authority} as its sender. It asks for the addresses of all devices that still run one old release. It names no person."},
	{"request", "access", "en", "{company} states that in {month} it received a paper which names {authority} as its sender. It asks for an administrator's account in one region, without a date on which it would end."},
	{"request", "intercept-capability", "en", "{company} states that in {month} it received a draft which names {authority} as its author. By our reading it would have us install equipment whose use we could not see."},
	{"request", "disruption", "en", "{company} states that in {month} it received a message which names {authority} as its sender. It asks whether a class of devices could be made to restart on a given day."},
	{"request", "cover", "en", "{company} states that in {month} a visitor who gave {authority} as employer asked us to publish an analysis that had been written elsewhere. We kept no copy of it."},
	{"request", "suppression", "en", "{company} states that in {month} it received a letter which names {authority} as its sender. It asks that one detection rule be taken out of the next release and that nobody be told."},
	{"request", "", "en", "{company} states that in {month} it received a request which names {authority} as its sender. We have not been able to confirm who sent it."},
	{"request", "", "en", "{company} states that it received the request described here in {month}. Its sender is given as {authority}. The paper cites no law."},
	{"request", "", "en", "{company} records a request of {month}. The paper names {authority} and sets no date for an answer. We publish what we may and describe nothing beyond it."},
	{"request", "", "en", "{company} states that a customer, which said that it acted for {authority}, made the request described here in {month}. The customer showed no authority in writing."},
	{"request", "", "en", "{company} states that it received two letters of the same wording in {month}. Both name {authority}. We treat them as one request."},
	{"request", "", "en", "{company} states that in {month} it received a request on the paper of {authority}. A later letter on the same paper says that the first is genuine. We have no other confirmation."},

	// Decisions, English.
	{"decision", "pending", "en", "{company} states that it has not decided. Outside counsel is reading the papers, and the sender has been told so."},
	{"decision", "refused", "en", "{company} states that it refused. The reply of {month} was one sentence and cited the charter's first clause."},
	{"decision", "refused", "en", "{company} states that it refused the whole of the request in {month} and that it has heard nothing since."},
	{"decision", "refused", "en", "{company} states that it refused in {month}, because by our reading the cited law does not reach a company of our kind."},
	{"decision", "refused", "en", "{company} states that it could not have done what was asked, because the keys exist on users' devices only, and that it said so in its reply of {month}."},
	{"decision", "challenged", "en", "{company} states that in {month} it asked a court to set the demand aside. The hearing has not taken place. Nothing was handed over meanwhile."},
	{"decision", "narrowed", "en", "{company} states that after an exchange of letters the request was reduced to one day's records of one account, and that it gave those in {month} and nothing else."},
	{"decision", "partly-complied", "en", "{company} states that in {month} it handed over documents that anyone may download from its website, and refused the rest."},
	{"decision", "complied", "en", "{company} states that in {month} it did what the order names. Its board decided so after advice, with two votes against. Users of the product concerned were told in the same month."},
	{"decision", "complied", "en", "{company} states that in {month} it did what was asked, before anyone had compared the request with the charter. The procedure has been changed."},
	{"decision", "withdrawn-by-requester", "en", "{company} states that a letter of {month}, on the paper of {authority}, asks it to disregard the earlier one."},
	{"decision", "lapsed", "en", "{company} states that the paper gave itself ninety days, that these ended in {month}, and that it was not renewed."},
	{"decision", "upheld", "en", "{company} states that in {month} a court confirmed the demand. An appeal has been lodged."},
	{"decision", "quashed", "en", "{company} states that in {month} a tribunal set the demand aside. The judgment is public; its file number stands under documents."},
	{"decision", "exited", "en", "{company} states that in {month} it took the feature off the market in the country concerned rather than change it. Users were told thirty days before."},
	{"decision", "", "en", "{company} states its decision of {month} as coded here. The law as we read it lets us say no more at present."},

	// Attestations, English.
	{"attestation", "", "en", "For {month}, {company} affirms the clauses listed. The counts were put together by its legal department and checked by its internal audit."},
	{"attestation", "", "en", "{company} makes this attestation for {month} to its knowledge after reasonable inquiry. The inquiry covered all departments that answer authorities."},
	{"attestation", "", "en", "For {month}, {company} asked each of its subsidiaries in writing. All replied. The numbers are theirs added up."},
	{"attestation", "", "en", "{company} states for {month} that the numbers include requests which its resellers passed on, and leave out ordinary requests for subscriber data in criminal cases."},
	{"attestation", "", "en", "This attestation of {company} for {month} comes late. The reason is coded; the numbers were not changed by the delay."},
	{"attestation", "", "en", "For {month}, {company} gives a band in place of a number, because a law that applies to it allows no more."},

	// Challenges, English. The company is the challenger, the authority the
	// signatory that is asked.
	{"challenge", "", "en", "{company} asks {authority} to state how its answers in {month} were weighed against the first clause. We hold no document beyond what is logged."},
	{"challenge", "", "en", "{company} was shown a letter which bears the name of {authority} and is dated in {month}. We could not establish who wrote it, and ask {authority} what it can state about it."},
	{"challenge", "contradicted", "en", "{company} compared what {authority} attested for {month} with its own logged requests for the same period. The two numbers differ. We ask which one stands."},
	{"challenge", "attestation-missed", "en", "{company} finds no attestation by {authority} for {month} in the log, and asks when one can be expected. We infer no reason."},

	// Replies, English.
	{"reply", "accepted", "en", "{company} has looked into the matter in {month} and accepts the point. What has to be corrected will be."},
	{"reply", "accepted", "en", "{company} states that two departments counted differently, and that the later number is the one to go by."},
	{"reply", "disputed", "en", "{company} disputes this. By our records of {month} each request was answered in writing, and each answer is logged."},
	{"reply", "disputed", "en", "{company} states that the letter shown in {month} isn't one of its own, and disputes what is drawn from it."},
	{"reply", "cannot-comment", "en", "{company} cannot comment on this in {month}. Nothing should be inferred from that, in either direction."},

	// Corrections, withdrawals and amends, English.
	{"correct", "void", "en", "{company} logged this statement in error: it repeats one that was logged before."},
	{"correct", "superseded", "en", "{company} puts a later statement in the place of this one, in which a code was chosen wrongly."},
	{"withdraw", "", "en", "{company} ends its part in the accord as of {month}. Its earlier statements stand as logged."},
	{"amend", "", "en", "{company} changes these terms after consulting the signatories in {month}."},

	// German.
	{"request", "", "de", "{company} erklärt, im Monat {month} ein Schreiben erhalten zu haben, das {authority} als Absender nennt. Wer es tatsächlich abgesandt hat, konnten wir nicht bestätigen."},
	{"request", "", "de", "{company} erklärt, dass im Monat {month} eine Person anrief, die sich auf {authority} berief. Es gibt einen Vermerk über das Gespräch, aber kein Schriftstück."},
	{"decision", "refused", "de", "{company} erklärt, das Ersuchen abgelehnt zu haben. Die Antwort vom Monat {month} stützt sich auf die erste Klausel der Charta."},
	{"attestation", "", "de", "{company} gibt diese Erklärung für {month} nach bestem Wissen und angemessener Prüfung ab. Alle Tochtergesellschaften wurden schriftlich befragt."},

	// French.
	{"request", "", "fr", "{company} déclare avoir reçu, dans le mois {month}, une lettre qui désigne {authority} comme expéditeur. Nous n’avons pas pu confirmer qui l’a envoyée."},
	{"request", "", "fr", "{company} déclare avoir reçu, dans le mois {month}, une demande qui ne cite aucune loi. Le papier porte l’en-tête de {authority}."},
	{"decision", "refused", "fr", "{company} déclare avoir refusé l’ensemble de la demande dans le mois {month}. La réponse renvoie à la première clause de la charte."},
	{"attestation", "", "fr", "{company} fait cette déclaration pour {month}, à sa connaissance et après une recherche raisonnable auprès de tous ses services."},

	// Arabic.
	{"request", "", "ar", "تفيد شركة {company} بأنها تلقت في {month} رسالة تذكر أن مرسلها هو {authority}. ولم نتمكن من التحقق من هوية المرسل."},
	{"request", "", "ar", "تفيد شركة {company} بأنها تلقت في {month} طلبًا يحمل اسم {authority} ولا يستند إلى أي قانون."},
	{"decision", "refused", "ar", "تفيد شركة {company} بأنها رفضت الطلب كله في {month}، استنادًا إلى البند الأول من الميثاق."},
	{"attestation", "", "ar", "تقدم شركة {company} هذا الإقرار عن {month} في حدود علمها وبعد تحرٍّ معقول."},

	// Chinese, simplified.
	{"request", "", "zh-Hans", "{company}声明，其于{month}收到一封信函，信中称发件方为{authority}。我方未能核实实际发件人。"},
	{"request", "", "zh-Hans", "{company}声明，其于{month}收到一项请求，文件上写有{authority}的名称，未引用任何法律。"},
	{"decision", "refused", "zh-Hans", "{company}声明，其于{month}拒绝了该请求的全部内容，并在答复中引用了章程第一条。"},
	{"attestation", "", "zh-Hans", "{company}就{month}作出本声明。本声明经合理查询作出，以我方所知为限。"},

	// Japanese.
	{"request", "", "ja", "{company}は、{month}に、差出人を{authority}とする書簡を受け取ったと述べています。実際の差出人は確認できていません。"},
	{"request", "", "ja", "{company}は、{month}に、{authority}の名で要請を受けたと述べています。文書には法律の引用がありません。"},
	{"decision", "refused", "ja", "{company}は、{month}に要請の全部を断ったと述べています。回答では憲章の第一条を挙げました。"},
	{"attestation", "", "ja", "{company}は、{month}について、合理的な調査のうえ、知り得た範囲で本報告を行います。"},

	// Hindi.
	{"request", "", "hi", "{company} का कथन है कि उसे {month} में एक पत्र मिला, जिसमें प्रेषक का नाम {authority} दिया गया है। हम यह पुष्टि नहीं कर सके कि पत्र वास्तव में किसने भेजा।"},
	{"request", "", "hi", "{company} का कथन है कि उसे {month} में {authority} के नाम से एक अनुरोध मिला, जिसमें किसी क़ानून का उल्लेख नहीं है।"},
	{"decision", "refused", "hi", "{company} का कथन है कि उसने {month} में पूरा अनुरोध अस्वीकार कर दिया और उत्तर में चार्टर के पहले खंड का उल्लेख किया।"},
	{"attestation", "", "hi", "{company} यह घोषणा {month} के लिए, उचित जाँच के बाद और अपनी जानकारी के अनुसार करती है।"},
}
