package generator

// A tongue is a language as invented texts are written in it: its plain words as
// anybody would write them, and what further words are made up from, which mean
// nothing.
type tongue struct {
	tag    string // BCP 47
	weight int    // how many authors have it beside English, or alone

	// frequent are its most frequent words, the most frequent first: little words, and
	// some of the matter.
	frequent []string
	// Further words are one to four of start+vowel+end each, or with whole syllables
	// (or characters) one or more of those.
	start, vowel, end []string
	syllables         []string

	// before and after are little words that are written as one with the next or the
	// last one.
	before, after []string
	// stop ends a sentence, comma divides one; solid texts have no spaces between
	// words.
	stop, comma string
	solid       bool
	cased       bool // a sentence begins with a capital
}

// tongues are the languages of texts with [Options.Lifelike], in ten scripts. What is
// in them is our own, and in no list of words. English is the first.
var tongues = []tongue{
	{
		tag: "en", weight: 60, stop: ".", comma: ",", cased: true,
		frequent: split("the of to and a in that it is was for on we as by with not this which from at be our no were has been or an its have any than one their but will who under after before other when what whether there within without until only such more each same request letter answer office counsel paper order law access account device network customer service product release copy date reason record notice reply sender person team week month day data key keys server code update court review board staff contract licence region letterhead statute warrant telephone meeting engineer records asked received stated refused sent signed named kept told gave read wrote checked published"),
		start:    split("b bl br c cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r s sh sl sp st str t th tr tw v w wh"), vowel: split("a e i o u a e i o ea ee oa ou ai"), end: split("n r s t l m nd rk th rn lt ck n r l"),
		after: split("ing ed er s ness ly ment"),
	},
	{
		tag: "de", weight: 14, stop: ".", comma: ",", cased: true,
		frequent: split("die der und in zu den das nicht von sie ist des sich mit dem dass es ein eine auf für als auch an werden aus hat bei nach wurde im über wir vor unser keine einer durch oder Schreiben Ersuchen Antwort Behörde Unterlagen Gesetz Zugang Gerät Netz Kunde Dienst Schlüssel Anordnung Frist Grund Vermerk Prüfung Monat erhalten abgelehnt geprüft mitgeteilt genannt übermittelt"),
		start:    split("b br d dr f fl g gr h j k kl kr l m n p pf r s sch schl sp st str t w z"), vowel: split("a e i o u ä ö ü ei au eu ie a e"), end: split("n r s t l m nd rg cht ß ng lt ck n r"),
		after: split("en er ung lich keit te"),
	},
	{
		tag: "fr", weight: 11, stop: ".", comma: ",", cased: true,
		frequent: split("de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec été nous ou cette ses aux mais sans notre lettre demande réponse autorité accès clé réseau client service appareil loi motif délai décision procédure reçu refusé adressé précisé après même déjà où"),
		start:    split("b br c ch d f fl g gr j l m n p pl r s t tr v"), vowel: split("a e i o u é è ê ou oi ai eau eu â"), end: split("n r s t l m nt rd lle gne sse"),
		after: split("e es ment tion é ée"),
	},
	{
		tag: "es", weight: 12, stop: ".", comma: ",", cased: true,
		frequent: split("de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha este sí porque esta entre cuando muy sin sobre también hasta solicitud carta respuesta autoridad acceso clave red cliente servicio equipo ley motivo plazo decisión según año recibió rechazó envió señaló"),
		start:    split("b br c ch d f g gr j l ll m n ñ p pl r s t tr v"), vowel: split("a e i o u á é í ó ú ue ie"), end: split("n r s l z d n r"),
		after: split("ar ado ción mente es ía"),
	},
	{
		tag: "pl", weight: 5, stop: ".", comma: ",", cased: true,
		frequent: split("w i na z do się nie że to o jest przez od za po dla jak co oraz był być są który która które ten tej lub bez pod tylko pismo wniosek odpowiedź urząd dostęp klucz sieć klient usługa urządzenie ustawa powód termin decyzja żądanie otrzymała odmówiła przesłano zgodnie"),
		start:    split("b br c cz ch d dz f g gr j k kr l ł m n p pr r rz s sz ś t w z ż"), vowel: split("a e i o u y ą ę ó ie"), end: split("n r ń ć ł m sk st wy cz"),
		after: split("a ego owie ość nie ów"),
	},
	{
		tag: "cs", weight: 3, stop: ".", comma: ",", cased: true,
		frequent: split("a se v na je že o s z do i to k ve pro za by ale si po jako podle od aby jsou která který bylo být není také dopis žádost odpověď úřad přístup klíč síť zákazník služba zařízení zákon důvod lhůta rozhodnutí obdržela odmítla zaslala uvádí"),
		start:    split("b br c č d ď f h ch j k kr l m n p př r ř s š st t v z ž"), vowel: split("a e i o u á é í ů ě y ý"), end: split("n r ň l m st k v ž"),
		after: split("ý ého ost ní ovat ám"),
	},
	{
		tag: "tr", weight: 5, stop: ".", comma: ",", cased: true,
		frequent: split("ve bir bu için ile da de olarak olan daha gibi kadar sonra ancak ya en çok her ne ki olduğu değil göre üzere tarafından önce şirket talep yazı yanıt makam erişim anahtar ağ müşteri hizmet cihaz yasa gerekçe süre karar aldığını reddettiğini bildirdi iletti"),
		start:    split("b c ç d f g h k l m n p r s ş t v y z"), vowel: split("a e ı i o ö u ü ağ"), end: split("n r k l m ş t z"),
		after: split("lar ler ın da den lık cı"),
	},
	{
		tag: "vi", weight: 4, stop: ".", comma: ",", cased: true,
		frequent: split("và của là các có được cho trong không với một những này để khi đã về người từ cũng theo đến ra bị sau tại như yêu cầu công ty cơ quan trả lời khóa mạng khách hàng dịch vụ thiết bị luật lý do thời hạn quyết định nhận từ chối văn bản"),
		start:    split("b c ch d đ g gi h kh l m n ng nh ph qu s t th tr v x"), vowel: split("a ă â e ê i o ô ơ u ư ạ ả ấ ầ ế ề ệ ố ộ ớ ợ ứ ự ươ iê"), end: split("n m ng nh t p c i u"),
	},
	{
		tag: "ru", weight: 9, stop: ".", comma: ",", cased: true,
		frequent: split("в и не на что с по к из у от за о для как это его а но так все до бы или же при был если без мы она они уже после только письмо запрос ответ ведомство доступ ключ сеть клиент служба устройство закон причина срок решение получила отказала направлено согласно указано"),
		start:    split("б бр в г гр д др ж з к кл кр л м н п пр р с ск ст т тр ф х ц ч ш щ"), vowel: split("а е и о у ы я ю ё э"), end: split("н р л м т с к й сть нь в"),
		after: split("ого ами ость ение ов ый"),
	},
	{
		tag: "uk", weight: 4, stop: ".", comma: ",", cased: true,
		frequent: split("і в на не що з до та у за про як від це для його або але при був після якщо вже лише ми вона вони без лист запит відповідь орган доступ ключ мережа клієнт служба пристрій закон причина строк рішення отримала відмовила надіслано згідно"),
		start:    split("б в г ґ д ж з к кр л м н п пр р с ст т х ц ч ш"), vowel: split("а е и і о у ї є я ю"), end: split("н р л м т к й ть нь в"),
		after: split("ого ами ість ення ів ий"),
	},
	{
		tag: "el", weight: 4, stop: ".", comma: ",", cased: true,
		frequent: split("και το να του η της με που την από για είναι στο τα δεν ο των ότι σε θα τον ή τους μια ένα αλλά όπως κατά μετά χωρίς πριν επιστολή αίτημα απάντηση αρχή πρόσβαση κλειδί δίκτυο πελάτης υπηρεσία συσκευή νόμος λόγος προθεσμία απόφαση έλαβε αρνήθηκε απέστειλε"),
		start:    split("β γ δ ζ θ κ κρ λ μ ν ξ π πρ ρ σ στ τ τρ φ χ ψ"), vowel: split("α ε η ι ο υ ω ά έ ί ό ύ ώ αι ει ου"), end: split("ν ρ λ μ ς τ κ"),
		after: split("ος ης ων ικό ματα"),
	},
	{
		tag: "ar", weight: 9, stop: ".", comma: "،",
		frequent: split("من في على إلى أن عن مع هذا هذه التي الذي ما لا كان كل بعد قبل بين أو ثم قد لم غير حتى عند شركة طلب رسالة رد جهة وصول مفتاح شبكة عميل خدمة جهاز قانون سبب مهلة قرار تلقت رفضت أرسلت أفادت"),
		start:    split("ب ت ج ح خ د ر ز س ش ص ط ع غ ف ق ك ل م ن ه"), vowel: split("ا و ي َ ُ ِ"), end: split("ب د ر س ل م ن ة ق ع"),
		before: split("ال و ب ل وال"), after: split("ها هم ات ين"),
	},
	{
		tag: "he", weight: 4, stop: ".", comma: ",",
		frequent: split("של את על לא הוא זה כי עם גם אל או היא כל מה יש אין אם לפי בין אחרי לפני אשר רק מכתב בקשה תשובה רשות גישה מפתח רשת לקוח שירות מכשיר חוק סיבה מועד החלטה קיבלה סירבה שלחה ציינה"),
		start:    split("ב ג ד ה ו ז ח ט י כ ל מ נ ס ע פ צ ק ר ש ת"), vowel: split("ו י א ה"), end: split("ב ד ל מ ר ת ן ש"),
		before: split("ה ו ב ל מ ש"), after: split("ים ות נו"),
	},
	{
		tag: "hi", weight: 9, stop: "।", comma: ",",
		frequent: split("के में की है और से को का पर ने यह एक कि नहीं था भी हो कर इस तो जो किया गया वह या बाद तक अपने लिए साथ बिना पहले केवल पत्र अनुरोध उत्तर प्राधिकरण पहुँच कुंजी नेटवर्क ग्राहक सेवा उपकरण क़ानून कारण अवधि निर्णय मिला अस्वीकार भेजा"),
		start:    split("क ख ग घ च छ ज ट ड त थ द ध न प फ ब भ म य र ल व श स ह"), vowel: split("ा ि ी ु ू े ै ो ौ"), end: split("न र ल म त क स ं"),
		after: split("ों ता ने वाला"),
	},
	{
		tag: "zh-Hans", weight: 13, stop: "。", comma: "，", solid: true,
		frequent:  split("的 了 在 是 我方 和 不 有 该 其 与 为 未 等 及 由 对 于 从 并 或 但 已 将 可 来函 请求 答复 机关 访问 密钥 网络 客户 服务 设备 法律 理由 期限 决定 收到 拒绝 发出 说明 根据 文件 记录"),
		syllables: runes("云石林泉岭溪岩峰松柏梅竹兰菊荷莲枫桐桑麻稻麦茶盐丝绸瓷玉铜铁锡漆墨砚笔纸卷册页章节段句词字音律韵调琴弦鼓钟钉锤锯斧轮轴桥梁柱檐瓦砖墙窗扉阶庭园圃池塘渠堤闸舟帆桨锚港埠灯塔旗帜信函印鉴票据账簿秤尺量衡星辰晨曦暮霭霜雪雾露虹霓风雷雨电温凉寒暖静动缓急轻重长短宽窄深浅高低远近新旧明暗清浊"),
	},
	{
		tag: "zh-Hant", weight: 5, stop: "。", comma: "，", solid: true,
		frequent:  split("的 了 在 是 我方 和 不 有 該 其 與 為 未 等 及 由 對 於 從 並 或 但 已 將 可 來函 請求 答覆 機關 存取 金鑰 網路 客戶 服務 設備 法律 理由 期限 決定 收到 拒絕 發出 說明 根據 文件 記錄"),
		syllables: runes("雲石林泉嶺溪巖峰松柏梅竹蘭菊荷蓮楓桐桑麻稻麥茶鹽絲綢瓷玉銅鐵錫漆墨硯筆紙卷冊頁章節段句詞字音律韻調琴弦鼓鐘釘錘鋸斧輪軸橋梁柱簷瓦磚牆窗扉階庭園圃池塘渠堤閘舟帆槳錨港埠燈塔旗幟信函印鑑票據帳簿秤尺量衡星辰晨曦暮靄霜雪霧露虹霓風雷雨電溫涼寒暖靜動緩急輕重長短寬窄深淺高低遠近新舊明暗清濁"),
	},
	{
		tag: "ja", weight: 11, stop: "。", comma: "、", solid: true,
		frequent:  split("この その 当社 また なお ため こと もの により について として 書簡 要請 回答 当局 アクセス 鍵 ネットワーク 顧客 サービス 装置 法律 理由 期限 決定 受け取り 断り 送り 述べ 確認 記録 文書"),
		syllables: runes("雲石林泉嶺渓岩峰松梅竹蘭菊蓮楓桐桑麻稲麦茶塩糸絹磁銅鉄錫漆墨筆紙巻冊頁章節段句詞字音律調琴弦鼓鐘輪軸橋梁柱瓦窓階庭園池堤舟帆錨港灯塔旗信印票簿尺量星辰暁霜雪霧露虹風雷雨温涼静動緩急軽重長短深浅遠近新旧カキクケサシスタチトナニノハフホマミムラリルロン"),
		after:     split("は が を に の で と も から まで"),
	},
	{
		tag: "th", weight: 4, stop: " ", comma: " ", solid: true,
		frequent: split("ที่ และ ใน ของ การ ได้ เป็น ไม่ มี ให้ ว่า จะ กับ จาก โดย นี้ หรือ แต่ แล้ว เมื่อ ตาม หลัง ก่อน เรา หนังสือ คำขอ คำตอบ หน่วยงาน การเข้าถึง กุญแจ เครือข่าย ลูกค้า บริการ อุปกรณ์ กฎหมาย เหตุผล กำหนด ปฏิเสธ ได้รับ"),
		start:    split("ก ข ค ง จ ช ซ ด ต ถ ท น บ ป ผ พ ฟ ม ย ร ล ว ส ห อ"), vowel: split("า ิ ี ึ ื ุ ู ัว ะ ำ"), end: split("น ม ง ก ด บ ย ว"),
	},
	{
		tag: "ko", weight: 7, stop: ".", comma: ",",
		frequent:  split("그 이 및 또는 대한 따라 위해 관한 없이 이후 이전 그러나 또한 우리 서한 요청 답변 당국 접근 열쇠 네트워크 고객 서비스 장치 법률 이유 기한 결정 받았다 거절했다 보냈다 밝혔다 확인 기록 문서"),
		syllables: runes("가나다라마바사아자차카타파하거너더러머버서어저처고노도로모보소오조초구누두루무부수우주추그느드르므브스으즈기니디리미비시이지치강난달람반산성연운원은인전정준진찬천청한현형호화환"),
		after:     split("은 는 이 가 을 를 에 의 로 에서 와 과"),
	},
}
